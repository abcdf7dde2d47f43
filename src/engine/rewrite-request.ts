import type { Json, JsonObject } from '../domain/json.ts'
import type { Prompt, Request } from '../domain/request.ts'
import type { CompressStep, OutputCap } from '../policy/levers.ts'
import type { Policy } from '../policy/policy.ts'
import { compressPrompt } from './compress-prompt.ts'
import { promptTexts, withTexts } from './compress-texts.ts'
import { compileWhen } from './match-rule.ts'
import type { RequestFacts } from './request-facts.ts'

/** Runs a program on a text and gives what it printed. */
export type RunCommand = (
  command: readonly string[],
  text: string,
  timeoutMs: number,
) => Promise<string>

/** Rewrites requests as a policy asks: prompts shortened, outputs capped. The same object where it changes nothing. */
export type RewriteRequest = {
  /** Whether a rule holds; what it does to the text is known only when it is done. */
  readonly applies: (facts: RequestFacts) => boolean
  readonly rewrite: (facts: RequestFacts) => Promise<Request>
}

export type RewriteOptions = {
  readonly countTokens: (text: string) => number
  readonly runCommand: RunCommand
}

export function compileRewrite(
  { compress, outputCaps }: Pick<Policy, 'compress' | 'outputCaps'>,
  options: RewriteOptions,
): RewriteRequest {
  const steps = compress.map((step) => ({ step, matches: compileWhen(step.when) }))
  const caps = outputCaps.map((cap) => ({ cap, matches: compileWhen(cap.when) }))
  const holding = (facts: RequestFacts) => ({
    steps: steps.filter(({ matches }) => matches(facts)).map(({ step }) => step),
    cap: caps.find(({ matches }) => matches(facts))?.cap ?? null,
  })
  return {
    applies(facts) {
      const { steps: wanted, cap } = holding(facts)
      return wanted.length > 0 || (cap !== null && capped(facts.request, cap) !== facts.request)
    },
    async rewrite(facts) {
      const { steps: wanted, cap } = holding(facts)
      const shorter = await shortened(facts.request, wanted, options)
      return cap === null ? shorter : capped(shorter, cap)
    },
  }
}

async function shortened(
  request: Request,
  steps: readonly CompressStep[],
  { countTokens, runCommand }: RewriteOptions,
): Promise<Request> {
  if (request.prompt === undefined || steps.length === 0) return request
  let prompt: Prompt = request.prompt
  for (const { with: compression } of steps) {
    if (compression.kind === 'command') {
      const { command, timeoutMs } = compression
      const texts: string[] = []
      for (const { text } of promptTexts(prompt))
        texts.push(await runCommand(command, text, timeoutMs))
      prompt = withTexts(prompt, texts)
    } else {
      prompt = compressPrompt(prompt, compression, countTokens)
    }
  }
  return isSame(prompt, request.prompt) ? request : { ...fieldsOf(request), prompt }
}

const isSame = (a: Prompt, b: Prompt): boolean => JSON.stringify(a) === JSON.stringify(b)

/** As the wire formats call the largest output; the first that a request has is the one to lower. */
const outputLimits = ['max_completion_tokens', 'max_output_tokens', 'max_tokens'] as const

/** A smaller limit of the caller's stays. */
function capped(request: Request, { maxTokens }: OutputCap): Request {
  const params: JsonObject = request.params ?? {}
  const name = outputLimits.find((each) => typeof params[each] === 'number') ?? 'max_tokens'
  const asked: Json | undefined = params[name]
  if (typeof asked === 'number' && asked <= maxTokens) return request
  return { ...fieldsOf(request), params: { ...params, [name]: maxTokens } }
}

/** What a model is told; a stored request finds its fields out when they are read, which a spread would miss. */
const fieldsOf = (request: Request): Request => ({
  model: request.model,
  operation: request.operation,
  status: request.status,
  ...(request.provider !== undefined && { provider: request.provider }),
  ...(request.requestedModel !== undefined && { requestedModel: request.requestedModel }),
  ...(request.prompt !== undefined && { prompt: request.prompt }),
  ...(request.params !== undefined && { params: request.params }),
  ...(request.streamed !== undefined && { streamed: request.streamed }),
})
