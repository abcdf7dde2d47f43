import type { Link } from '../domain/keys.ts'
import { PrefixHash } from './prefix-hash.ts'

/** A prompt's text in blocks, for a prompt cache's model. */
export type TextBlocks = {
  /** One key for each full block, covering all before it. Not keyed by a secret: for memory, not for a store. */
  readonly blocks: Float64Array
  /** UTF-8 bytes of the whole prompt, the tail that fills no block included. */
  readonly bytes: number
  /** The role of each content (tools, system, then messages), and how many full blocks have ended with it. */
  readonly contentRoles: readonly string[]
  readonly contentEnds: readonly number[]
}

/** Where a policy may set breakpoints: after tools, after the system prompt, after the conversation so far. */
export type BreakpointPlace = 'tools' | 'system' | 'history'

/** As fine as OpenAI's steps of 128 tokens and DeepSeek's of 64 ask for. */
export const textBlockTokens = 64
/** The rule of thumb for English text and code where no tokenizer is asked. */
const bytesPerToken = 4
const blockBytes = textBlockTokens * bytesPerToken

/**
 * Cuts a canonical prompt (its links in order, e.g. as they come from a store) into blocks of 64 tokens at 4 bytes
 * each. A block ends with the first character that fills it; a role counts no bytes but tells prompts apart.
 */
export function promptBlocksOf(links: Iterable<Pick<Link, 'role' | 'content'>>): TextBlocks {
  const blocks: number[] = []
  const contentRoles: string[] = []
  const contentEnds: number[] = []
  const hash = new PrefixHash()
  let bytes = 0
  for (const { role, content } of links) {
    hash.add(role)
    bytes = addText(hash, content, bytes, blocks)
    contentRoles.push(role)
    contentEnds.push(blocks.length)
  }
  return { blocks: Float64Array.from(blocks), bytes, contentRoles, contentEnds }
}

/** Hashes a text from a byte of the prompt on, and returns the byte after it. */
function addText(hash: PrefixHash, text: string, from: number, blocks: number[]): number {
  let bytes = from
  let blockEnd = (blocks.length + 1) * blockBytes
  let start = 0
  for (let at = 0; at < text.length; at++) {
    bytes += utf8Bytes(text.charCodeAt(at))
    if (bytes < blockEnd) continue
    hash.addText(text, start, at + 1)
    blocks.push(hash.key())
    blockEnd += blockBytes
    start = at + 1
  }
  hash.addText(text, start, text.length)
  return bytes
}

/** Bytes of a UTF-16 unit in UTF-8, each half of a surrogate pair counting two. */
function utf8Bytes(code: number): number {
  if (code < 0x80) return 1
  if (code < 0x800) return 2
  return code >= 0xd800 && code < 0xe000 ? 2 : 3
}

/**
 * Tokens in each block where the whole prompt's are known: the text's share of what the log counted, so that what a
 * provider counts besides (its tokenizer, tools, images) is spread over all blocks.
 */
export const tokensPerBlockOf = ({ bytes }: TextBlocks, totalInputTokens: number): number =>
  bytes === 0 ? textBlockTokens : (blockBytes * totalInputTokens) / bytes

/** How many blocks stand before each place that the prompt has: the breakpoints of a prompt cache's model. */
export function breakpointsOf(
  { blocks, contentRoles, contentEnds }: TextBlocks,
  places: readonly BreakpointPlace[],
): readonly number[] {
  return places.flatMap((place) => {
    if (place === 'history') return blocks.length > 0 ? [blocks.length] : []
    const end = contentEnds[contentRoles.indexOf(place)]
    return end === undefined || end === 0 ? [] : [end]
  })
}
