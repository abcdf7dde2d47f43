import type { Request } from '../domain/request.ts'
import { keptPresets } from '../domain/row.ts'
import { contentOf, keyHash, requestKeys } from '../engine/cache-key.ts'
import type { ClassifierInput } from '../engine/classifier.ts'
import { presets } from '../engine/presets.ts'
import type { IngestPorts } from '../ingest/ports.ts'
import { estimateTokens, loadTokenCounter } from '../prices/count-tokens.ts'
import type { RunPrices } from './price-book.ts'

/** Wires the ingest to the layers beside it: keys and presets from the engine, prices from the book. */
export function ingestPorts(secret: string, prices: RunPrices): IngestPorts {
  const hash = keyHash(secret)
  return {
    keysOf: (request) => requestKeys(request, hash),
    pseudonym: (text) => hash(text).slice(0, 6),
    difficultyOf,
    price: (request, usage) => prices.price(request, usage, request, request.fees),
    loadTokenCounter: async () => {
      try {
        return await loadTokenCounter()
      } catch {
        return estimateTokens
      }
    },
  }
}

/** The verdict of each kept preset in two bits: 0 not classified, 1 simple, 2 medium or abstained, 3 hard. */
function difficultyOf(request: Request): number {
  const input = classifierInput(request)
  if (input === null) return 0
  return keptPresets.reduce(
    (bits, preset, index) =>
      bits | (levelOf[presets[preset](input)?.label ?? 'medium'] << (2 * index)),
    0,
  )
}

const levelOf = { simple: 1, medium: 2, hard: 3 } as const

function classifierInput(request: Request): ClassifierInput | null {
  const { prompt } = request
  if (prompt === undefined) return null
  const last = prompt.messages.findLast((message) => message.role === 'user')
  if (last === undefined) return null
  const text = contentOf(last.content)
  return {
    text,
    contextTokens: request.usage?.inputTokens,
    hasTools: Array.isArray(prompt.tools) && prompt.tools.length > 0,
    hasImages: false,
    hasCode: text.includes('```'),
    requiresReasoning: request.requiresReasoning,
    task: request.task,
  }
}
