import type { Block, Call } from '../domain/call.ts'
import type { NanoUsd } from '../domain/money.ts'
import { noUsage, type Usage } from '../domain/usage.ts'

/** The largest output under a budget, where the caller names none: enough for any answer but an essay that thinks. */
export const cappedOutputTokens = 8_192

/**
 * An image by its address is at most so many tokens: OpenAI's largest, 36 tiles of 170 and a base of 85 at the dearest
 * factor of its price list, stays below it.
 */
const mostImageTokens = 40_000

/** The same call with a largest output, which a hard budget cannot do without. */
export const withOutputCap = (call: Call): Call =>
  call.maxOutputTokens === null ? { ...call, maxOutputTokens: cappedOutputTokens } : call

/**
 * What a call may cost at most: every byte of it a token at the dearest of the input prices, and the longest output.
 * Null where the target has no price.
 */
export function upperBoundOf(call: Call, costOf: (usage: Usage) => NanoUsd | null): NanoUsd | null {
  const input = inputBound(call)
  const output = call.maxOutputTokens ?? cappedOutputTokens
  let most: NanoUsd | null = null
  for (const name of inputClasses) {
    const cost = costOf({ ...noUsage, [name]: input, outputTokens: output })
    if (cost !== null && (most === null || cost > most)) most = cost
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
  return Buffer.byteLength(JSON.stringify(call)) + images * mostImageTokens
}

const imagesIn = (blocks: readonly Block[]): number =>
  blocks.reduce((count, block) => {
    if (block.kind === 'image') return count + 1
    return block.kind === 'tool-result' ? count + imagesIn(block.blocks) : count
  }, 0)
