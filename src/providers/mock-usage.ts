import type { Block, Call, Tool } from '../domain/call.ts'
import type { Reply } from '../domain/reply.ts'
import { noUsage, type Usage } from '../domain/usage.ts'

/** The mock counts a quarter of the UTF-8 bytes as tokens, and every image or document as a thousand. */
const bytesPerToken = 4
const mediaTokens = 1_000

export const tokensOfText = (text: string): number =>
  Math.ceil(Buffer.byteLength(text) / bytesPerToken)

/** Tokens of all that a call gives the model to read: instructions, turns, tools and the answer's schema. */
export function promptTokens(call: Call): number {
  const schema = call.format.kind === 'schema' ? bytesOf(call.format.schema) : 0
  const bytes =
    sumOf(call.system, blockBytes) +
    sumOf(call.turns, (turn) => sumOf(turn.blocks, blockBytes)) +
    sumOf(call.tools, toolBytes) +
    schema
  return Math.max(1, Math.ceil(bytes / bytesPerToken))
}

/** Usage of an answer; `cachedShare` of the prompt was read from the prompt cache. */
export function usageOf(inputTokens: number, blocks: readonly Block[], cachedShare: number): Usage {
  const cacheReadTokens = Math.floor(inputTokens * cachedShare)
  const reasoning = sumOf(blocks, (block) => (block.kind === 'reasoning' ? blockBytes(block) : 0))
  return {
    ...noUsage,
    inputTokens: inputTokens - cacheReadTokens,
    cacheReadTokens,
    outputTokens: Math.ceil(sumOf(blocks, blockBytes) / bytesPerToken),
    reasoningTokens: Math.ceil(reasoning / bytesPerToken),
  }
}

/** What a provider bills of an answer that was broken off: the prompt, and what had been said. */
export function billedUsage({ usage }: Reply, saidTokens: number): Usage {
  const whole = usage ?? noUsage
  const outputTokens = Math.min(saidTokens, whole.outputTokens)
  return { ...whole, outputTokens, reasoningTokens: Math.min(outputTokens, whole.reasoningTokens) }
}

function blockBytes(block: Block): number {
  switch (block.kind) {
    case 'text':
    case 'reasoning':
      return Buffer.byteLength(block.text)
    case 'tool-call':
      return Buffer.byteLength(block.name) + Buffer.byteLength(block.input)
    case 'tool-result':
      return sumOf(block.blocks, blockBytes)
    case 'image':
    case 'document':
      return block.source.kind === 'text'
        ? Buffer.byteLength(block.source.text)
        : mediaTokens * bytesPerToken
    case 'foreign':
      return bytesOf(block.wire)
  }
}

const toolBytes = (tool: Tool): number =>
  bytesOf(tool.kind === 'foreign' ? tool.wire : [tool.name, tool.description, tool.schema])

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

const sumOf = <T>(list: readonly T[], measure: (each: T) => number): number =>
  list.reduce((sum, each) => sum + measure(each), 0)
