import type { Pricing } from '../domain/price.ts'
import type { Request } from '../domain/request.ts'
import { difficultyShift, flag } from '../domain/row.ts'
import { needsEstimate } from './estimate-usage.ts'

/** The yes-or-no facts of a request as bits, with the presets' verdicts behind them. */
export function flagsOf(request: Request, pricing: Pricing, difficulty: number): number {
  let flags = difficulty << difficultyShift
  for (const [bit, holds] of facts) if (holds(request)) flags |= bit
  return pricing.kind === 'unpriced' ? flags | flag.unpriced : flags
}

const facts: readonly (readonly [bit: number, holds: (request: Request) => boolean])[] = [
  [flag.estimated, (request) => needsEstimate(request) || request.usageEstimated === true],
  [flag.servedFromCache, (request) => request.servedFromCache === true],
  [flag.streamed, (request) => request.streamed === true],
  [flag.outputUnused, ({ outputUsed, status }) => outputUsed === false || status === 'cancelled'],
  [flag.replay, (request) => request.replay === true],
  [flag.requiresReasoning, (request) => request.requiresReasoning === true],
  [flag.truncated, ({ answer }) => isCutOff(answer?.finishReason)],
  [flag.hasTools, ({ prompt }) => Array.isArray(prompt?.tools) && prompt.tools.length > 0],
  [flag.hasImages, hasImages],
]

const isCutOff = (reason: string | undefined): boolean =>
  reason === 'length' || reason === 'max_tokens'

function hasImages({ prompt }: Request): boolean {
  if (prompt === undefined) return false
  return prompt.messages.some(
    ({ content }) => Array.isArray(content) && content.some((part) => /image/.test(typeOf(part))),
  )
}

const typeOf = (part: unknown): string => String((part as { type?: unknown } | null)?.type)
