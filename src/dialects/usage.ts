import { countOf, firstCount, isObject, type JsonObject, objectOf } from '../domain/json.ts'
import type { Fees, Usage } from '../domain/usage.ts'

/** Usage, or why these counts cannot be trusted. */
export type UsageReading = {
  readonly usage?: Usage
  readonly fees?: Fees
  readonly warnings?: readonly string[]
  readonly rejected?: string
}

export type TokenCounts = {
  readonly input?: number | undefined
  readonly cacheRead?: number | undefined
  readonly cacheWrite5m?: number | undefined
  readonly cacheWrite1h?: number | undefined
  readonly output?: number | undefined
  readonly reasoning?: number | undefined
  readonly total?: number | undefined
}

/**
 * Token counts as a format writes them → disjoint usage. `cached` says whether the format's input count contains the
 * cached tokens; "unknown" applies the rules of docs/formats.md and warns where they cannot tell. Undefined usage
 * when no count is there at all; negative, fractional and unreadable counts are rejected.
 */
export function disjointUsage(
  counts: TokenCounts,
  cached: 'included' | 'separate' | 'unknown',
  reasoning: 'included' | 'separate' = 'included',
): UsageReading {
  if (counts.input === undefined && counts.output === undefined && counts.cacheRead === undefined) {
    return {}
  }
  const amounts = wholeCounts(counts, reasoning)
  if ('rejected' in amounts) return amounts
  const cachedTokens =
    amounts.cacheReadTokens + amounts.cacheWrite5mTokens + amounts.cacheWrite1hTokens
  const { included, warnings } = containment(counts, cached, cachedTokens, amounts.outputTokens)
  if (included && cachedTokens > amounts.inputTokens) return { rejected: 'cached-exceeds-input' }
  return {
    usage: included ? { ...amounts, inputTokens: amounts.inputTokens - cachedTokens } : amounts,
    ...(warnings.length > 0 && { warnings }),
  }
}

function wholeCounts(
  counts: TokenCounts,
  reasoning: 'included' | 'separate',
): Usage | { readonly rejected: string } {
  const { input, cacheRead, cacheWrite5m, cacheWrite1h, output } = counts
  const problem = problemOfCounts([
    input,
    cacheRead,
    cacheWrite5m,
    cacheWrite1h,
    output,
    counts.reasoning,
  ])
  if (problem !== undefined) return { rejected: problem }
  const reasoningTokens = counts.reasoning ?? 0
  const outputTokens = (output ?? 0) + (reasoning === 'separate' ? reasoningTokens : 0)
  return {
    inputTokens: input ?? 0,
    cacheReadTokens: cacheRead ?? 0,
    cacheWrite5mTokens: cacheWrite5m ?? 0,
    cacheWrite1hTokens: cacheWrite1h ?? 0,
    outputTokens,
    reasoningTokens: Math.min(reasoningTokens, outputTokens),
  }
}

/** Why some of the counts cannot be counts, as a reader's reason; undefined where all can. NaN is not whole. */
export function problemOfCounts(counts: readonly (number | undefined)[]): string | undefined {
  for (const count of counts) {
    if (count === undefined || (count >= 0 && Number.isSafeInteger(count))) continue
    return count < 0 ? 'negative-tokens' : 'token-count-not-whole'
  }
  return undefined
}

/** The sum of counts; a negative one stays as it is, so that no sum hides it. */
export const sumOf = (...counts: readonly number[]): number =>
  counts.find((count) => count < 0) ?? counts.reduce((sum, count) => sum + count, 0)

/** Whether the input count holds the cached tokens, by what the format says or else by what the numbers say. */
function containment(
  counts: TokenCounts,
  cached: 'included' | 'separate' | 'unknown',
  cachedTokens: number,
  output: number,
): { readonly included: boolean; readonly warnings: readonly string[] } {
  if (cached !== 'unknown') return { included: cached === 'included', warnings: [] }
  const input = counts.input ?? 0
  if (cachedTokens === 0 || cachedTokens > input) return { included: false, warnings: [] }
  if (counts.total === input + output) return { included: true, warnings: [] }
  if (counts.total === input + output + cachedTokens) return { included: false, warnings: [] }
  return { included: true, warnings: ['inclusive-usage-ambiguous'] }
}

/** OpenAI chat and responses usage: cached and cache-write tokens are part of the input, reasoning of the output. */
export function readOpenAiUsage(wire: unknown): UsageReading {
  const usage = objectOf(wire)
  const inputDetails = objectOf(usage['prompt_tokens_details'] ?? usage['input_tokens_details'])
  const outputDetails = objectOf(
    usage['completion_tokens_details'] ?? usage['output_tokens_details'],
  )
  const reading = disjointUsage(
    {
      input: firstCount(usage['prompt_tokens'], usage['input_tokens']),
      cacheRead: countOf(inputDetails['cached_tokens']),
      cacheWrite5m: countOf(inputDetails['cache_write_tokens']),
      output: firstCount(usage['completion_tokens'], usage['output_tokens']),
      reasoning: countOf(outputDetails['reasoning_tokens']),
      total: countOf(usage['total_tokens']),
    },
    'included',
  )
  return withFees(reading, mediaFees(inputDetails, outputDetails))
}

function withFees(reading: UsageReading, fees: Fees | undefined): UsageReading {
  if (fees === undefined || reading.rejected !== undefined) return reading
  const rejected = problemOfCounts(Object.values(fees))
  return rejected === undefined ? { ...reading, fees } : { rejected }
}

function mediaFees(input: JsonObject, output: JsonObject): Fees | undefined {
  const inputAudio = countOf(input['audio_tokens']) ?? 0
  const outputAudio = countOf(output['audio_tokens']) ?? 0
  const inputImage = countOf(input['image_tokens']) ?? 0
  if (inputAudio === 0 && outputAudio === 0 && inputImage === 0) return undefined
  return {
    ...(inputAudio !== 0 && { inputAudioTokens: inputAudio }),
    ...(outputAudio !== 0 && { outputAudioTokens: outputAudio }),
    ...(inputImage !== 0 && { inputImageTokens: inputImage }),
  }
}

/** Anthropic usage: the counts are disjoint as they come; without the 5m/1h breakdown all writes are 5 minutes. */
export function readAnthropicUsage(wire: unknown): UsageReading {
  const usage = objectOf(wire)
  const created = usage['cache_creation']
  const write = countOf(usage['cache_creation_input_tokens'])
  const write1h = isObject(created) ? countOf(created['ephemeral_1h_input_tokens']) : undefined
  const write5m = isObject(created) ? countOf(created['ephemeral_5m_input_tokens']) : undefined
  const broken = write1h !== undefined || write5m !== undefined
  const reading = disjointUsage(
    {
      input: countOf(usage['input_tokens']),
      cacheRead: countOf(usage['cache_read_input_tokens']),
      cacheWrite5m: broken ? write5m : write,
      cacheWrite1h: write1h,
      output: countOf(usage['output_tokens']),
      reasoning: countOf(objectOf(usage['output_tokens_details'])['thinking_tokens']),
    },
    'separate',
  )
  const webSearches = countOf(objectOf(usage['server_tool_use'])['web_search_requests']) ?? 0
  return withFees(reading, webSearches === 0 ? undefined : { webSearches })
}

/** A usage object of unknown dialect, told apart by its field names. */
export function readAnyUsage(wire: unknown): UsageReading {
  const usage = objectOf(wire)
  if ('cache_read_input_tokens' in usage || 'cache_creation_input_tokens' in usage) {
    return readAnthropicUsage(usage)
  }
  return readOpenAiUsage(usage)
}
