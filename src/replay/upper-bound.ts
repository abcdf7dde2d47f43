import type { Block, Call } from '../domain/call.ts'
import type { NanoUsd } from '../domain/money.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import { UserError } from '../domain/user-error.ts'

/** The largest output under a budget, where the caller names none: enough for any answer but an essay that thinks. */
export const cappedOutputTokens = 8_192

/**
 * An image by its address is at most so many tokens: OpenAI's largest, 36 tiles of 170 and a base of 85 at the dearest
 * factor of its price list, stays below it.
 */
const mostImageTokens = 40_000

/** What providers add to a prompt by themselves where tools are offered is below this. */
const mostToolInstructionTokens = 1_000

/** The same call with a largest output, which a hard budget cannot do without; thinking comes out of it. */
export const withOutputCap = (call: Call): Call =>
  call.maxOutputTokens === null ? { ...call, maxOutputTokens: mostOutput(call) } : call

const mostOutput = ({ maxOutputTokens, reasoning }: Call): number =>
  maxOutputTokens ?? cappedOutputTokens + (reasoning?.budgetTokens ?? 0)

/**
 * The same call for one answer at the list price: a tier, a faster service or several answers at once change what it
 * costs and not what it says.
 */
export function atListPrice(call: Call): Call {
  const { n: _, best_of: __, speed: ___, ...more } = call.more
  return { ...call, serviceTier: null, more }
}

/** Fields by which a call reads what it does not hold, or is priced by something else than the tokens of a list. */
const unboundedFields = [
  'previous_response_id',
  'conversation',
  'prompt',
  'web_search_options',
  'audio',
  'inference_geo',
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

/** A cap cannot be kept where nobody knows what a call costs. */
export const unpricedUnderBudget = (target: string): UserError =>
  new UserError(`the price of ${target} is not known, so no budget can be kept`, {
    hint: 'give its price with --prices, or leave out --budget',
  })

/**
 * What a call may cost at most: every byte of it a token at the dearest of the input prices, and the longest output
 * at the dearer price of answer and thinking. Null where the target has no price; true of bounded calls only.
 */
export function upperBoundOf(call: Call, costOf: (usage: Usage) => NanoUsd | null): NanoUsd | null {
  const input = inputBound(call)
  const output = mostOutput(call)
  let most: NanoUsd | null = null
  for (const name of inputClasses) {
    for (const reasoningTokens of [0, output]) {
      const cost = costOf({ ...noUsage, [name]: input, outputTokens: output, reasoningTokens })
      if (cost !== null && (most === null || cost > most)) most = cost
    }
  }
  return most
}

const inputClasses = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
] as const satisfies readonly (keyof Usage)[]

function inputBound(call: Call): number {
  const images = imagesIn([...call.system, ...call.turns.flatMap(({ blocks }) => blocks)])
  const added = images * mostImageTokens + (call.tools.length > 0 ? mostToolInstructionTokens : 0)
  return Buffer.byteLength(JSON.stringify(call)) + added
}

const imagesIn = (blocks: readonly Block[]): number =>
  blocks.reduce((count, block) => {
    if (block.kind === 'image') return count + 1
    return block.kind === 'tool-result' ? count + imagesIn(block.blocks) : count
  }, 0)
