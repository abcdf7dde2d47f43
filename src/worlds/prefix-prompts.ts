import { isObject } from '../domain/json.ts'
import { totalInputTokens } from '../domain/usage.ts'
import { breakpointsOf, promptBlocksOf, tokensPerBlockOf } from '../engine/prefix-blocks.ts'
import type { PrefixBreakpoint } from '../policy/caching.ts'
import type { History } from './history.ts'
import { usageAt } from './model-costs.ts'

/** A prompt in blocks, as a prompt cache's model reads it. */
export type PrefixPrompt = {
  readonly blocks: ArrayLike<number | string>
  readonly tokensPerBlock: number
  readonly totalInputTokens: number
  /** Of text; empty where the log holds blocks alone. */
  readonly contentEnds: readonly number[]
  /** How many blocks stand before each of these places. */
  breakpoints(places: readonly PrefixBreakpoint[]): readonly number[]
}

/** Null where the log holds neither blocks nor text. One prompt is kept: it is read for the log and for the policy. */
export type PromptAt = (place: number) => PrefixPrompt | null

/** Prompts of a history in blocks: those that the log holds, else the text's. */
export function prefixPrompts(history: History): PromptAt {
  let last: { readonly place: number; readonly prompt: PrefixPrompt | null } | null = null
  return (place) => {
    if (last?.place !== place) last = { place, prompt: promptAt(history, place) }
    return last.prompt
  }
}

function promptAt(history: History, place: number): PrefixPrompt | null {
  const total = totalInputTokens(usageAt(history.columns, place))
  return loggedBlocks(history, place, total) ?? textBlocks(history, place, total)
}

function loggedBlocks(history: History, place: number, total: number): PrefixPrompt | null {
  const logged = history.lookup.extraOf(history.seq[place] as number)['promptBlocks']
  if (!isObject(logged)) return null
  const { ids, tokensPerBlock } = logged
  if (!Array.isArray(ids) || typeof tokensPerBlock !== 'number') return null
  return {
    blocks: ids as readonly (number | string)[],
    tokensPerBlock,
    totalInputTokens: total,
    contentEnds: [],
    // Where tools and system prompt end is not in the log.
    breakpoints: (places) => (places.includes('history') && ids.length > 0 ? [ids.length] : []),
  }
}

function textBlocks(history: History, place: number, total: number): PrefixPrompt | null {
  if (Number.isNaN(history.columns.promptTip[place])) return null
  const chain = history.lookup.messagesOf(history.seq[place] as number)
  if (chain.length === 0) return null
  const links: { readonly role: string; readonly content: string }[] = []
  for (const { role, content } of chain) {
    if (content === null) return null
    links.push({ role, content })
  }
  const text = promptBlocksOf(links)
  return {
    blocks: text.blocks,
    tokensPerBlock: tokensPerBlockOf(text, total),
    totalInputTokens: total,
    contentEnds: text.contentEnds,
    breakpoints: (places) => breakpointsOf(text, places),
  }
}
