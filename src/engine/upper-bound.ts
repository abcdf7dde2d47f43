import type { Block, Call } from '../domain/call.ts'
import type { NanoUsd } from '../domain/money.ts'
import { inputClasses, noUsage, type Usage } from '../domain/usage.ts'

/** The largest output under a budget, where the caller names none: enough for any answer but an essay that thinks. */
export const cappedOutputTokens = 8_192

/** OpenAI's and Anthropic's models of before August 2024 refuse to be asked for more than this. */
const earlyOutputTokens = 4_096
const earlyModel =
  /(?:^|[/:])(?:gpt-3\.5|gpt-4(?:-\d|-turbo|-vision|$)|gpt-4o-2024-05-13|claude-3-(?:haiku|sonnet|opus))/

/** The largest output that a budget asks a model for where the caller named none. */
export const outputCapOf = (model: string): number =>
  earlyModel.test(model) ? earlyOutputTokens : cappedOutputTokens

/**
 * An image is at most so many tokens, however many bytes it has: OpenAI's largest, 36 tiles of 170 and a base of 85 at the dearest
 * factor of its price list, stays below it.
 */
export const mostImageTokens = 40_000

/** What providers add to a prompt by themselves where tools are offered is below this. */
export const mostToolInstructionTokens = 1_000

/** The same call with a largest output, which a hard budget cannot do without; thinking comes out of it. */
export const withOutputCap = (call: Call): Call =>
  call.maxOutputTokens === null ? { ...call, maxOutputTokens: mostOutput(call) } : call

const mostOutput = ({ model, maxOutputTokens, reasoning }: Call): number =>
  maxOutputTokens ?? outputCapOf(model) + (reasoning?.budgetTokens ?? 0)

/**
 * The same call for one answer at the list price: a tier, a faster service or several answers at once change what it
 * costs and not what it says.
 */
export function atListPrice(call: Call): Call {
  const { n: _, best_of: __, speed: ___, ...more } = call.more
  return { ...call, serviceTier: null, more }
}

/** Fields by which a call reads what it does not hold, or is priced by something else than the tokens of a list. */
export const unboundedFields = [
  'previous_response_id',
  'conversation',
  'prompt',
  'web_search_options',
  'audio',
  'inference_geo',
  'mcp_servers',
  'prediction',
] as const

/** Whether what a call costs can be told beforehand: all that it reads is in it, and it runs no tool at the provider. */
export const isBounded = ({ system, turns, tools, more }: Call): boolean =>
  tools.every(({ kind }) => kind === 'function') &&
  unboundedFields.every((name) => more[name] == null) &&
  [...system, ...turns.flatMap(({ blocks }) => blocks)].every(isBoundedBlock)

function isBoundedBlock(block: Block): boolean {
  if (block.kind === 'foreign') return false
  // The pages of a file are more than its bytes.
  if (block.kind === 'document') return block.source.kind === 'text'
  return block.kind !== 'tool-result' || block.blocks.every(isBoundedBlock)
}

/**
 * What a call may cost at most: every byte of it a token at the dearest of the input prices, and the longest output
 * at the dearer price of answer and thinking. Null where the target has no price; true of bounded calls only.
 */
export const upperBoundOf = (call: Call, costOf: CostOfUsage): NanoUsd | null =>
  dearestCost(inputBound(call), mostOutput(call), costOf)

/** What so much usage costs at one target; null where its price is not known. */
export type CostOfUsage = (usage: Usage) => NanoUsd | null

/** So many tokens at the dearest of the prices that they may come at; null where the target has none. */
export function dearestCost(
  inputTokens: number,
  outputTokens: number,
  costOf: CostOfUsage,
): NanoUsd | null {
  let most: NanoUsd | null = null
  let dearest: Usage = noUsage
  for (const name of inputClasses) {
    const usage = { ...noUsage, [name]: inputTokens, outputTokens }
    const cost = costOf(usage)
    if (cost !== null && (most === null || cost > most)) [most, dearest] = [cost, usage]
  }
  if (most === null) return null
  // What is paid for output does not depend on how the input is paid for.
  const thinking = costOf({ ...dearest, reasoningTokens: outputTokens })
  return thinking !== null && thinking > most ? thinking : most
}

function inputBound(call: Call): number {
  const pictures = picturesIn([...call.system, ...call.turns.flatMap(({ blocks }) => blocks)])
  const images = pictures.reduce(
    (tokens, { source }) =>
      tokens + mostImageTokens - (source.kind === 'base64' ? source.base64.length : 0),
    0,
  )
  const added = call.tools.length > 0 ? mostToolInstructionTokens : 0
  return Buffer.byteLength(JSON.stringify(call)) + images + added
}

type Picture = Extract<Block, { readonly kind: 'image' }>

const picturesIn = (blocks: readonly Block[]): readonly Picture[] =>
  blocks.flatMap((block) => {
    if (block.kind === 'image') return [block]
    return block.kind === 'tool-result' ? picturesIn(block.blocks) : []
  })
