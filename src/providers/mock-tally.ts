import { openObject } from '../domain/json.ts'
import { noUsage, type Usage } from '../domain/usage.ts'

/** What was billed for one model. */
export type ModelTally = Usage & {
  readonly calls: number
  /** Nano-dollars; null: no prices, or one of its calls has none. */
  readonly costNanoUsd: number | null
}

/** What a mock server has done since it started, or was told to forget. */
export type MockTally = {
  readonly calls: number
  readonly streams: number
  /** Callers who left before their answer was whole. */
  readonly disconnects: number
  /** Calls by how they ended: "answered", "disconnected" (by a caller who had met no fault) or the fault's name. */
  readonly byOutcome: Readonly<Record<string, number>>
  readonly byModel: Readonly<Record<string, ModelTally>>
  /** Of the last calls, oldest first. */
  readonly requestIds: readonly string[]
}

export type TalliedCall = {
  readonly requestId: string
  readonly model: string
  readonly streamed: boolean
  readonly outcome: string
  /** Whether the caller left before the answer was whole. */
  readonly hasLeft?: boolean
  /** Billed; null: nothing. */
  readonly usage: Usage | null
}

/** Nano-dollars of a call; null where the model has no price. */
export type PriceOf = (model: string, usage: Usage) => number | null

export type TallyBook = {
  add(call: TalliedCall): void
  tally(): MockTally
  reset(): void
}

const keptIds = 1_000

export function openTally(priceOf: PriceOf = () => null): TallyBook {
  let [calls, streams, disconnects] = [0, 0, 0]
  let byOutcome = openObject<number>()
  let byModel = openObject<ModelTally>()
  let requestIds: string[] = []
  return {
    add({ requestId, model, streamed, outcome, usage, hasLeft = false }) {
      calls++
      if (streamed) streams++
      if (hasLeft) disconnects++
      byOutcome[outcome] = (byOutcome[outcome] ?? 0) + 1
      const billed = usage ?? noUsage
      const cost = usage === null ? 0 : priceOf(model, usage)
      byModel[model] = plus(byModel[model] ?? noCalls, billed, cost)
      requestIds.push(requestId)
      if (requestIds.length > 2 * keptIds) requestIds = requestIds.slice(-keptIds)
    },
    tally: () => ({
      calls,
      streams,
      disconnects,
      byOutcome: { ...byOutcome },
      byModel: { ...byModel },
      requestIds: requestIds.slice(-keptIds),
    }),
    reset() {
      ;[calls, streams, disconnects] = [0, 0, 0]
      byOutcome = openObject()
      byModel = openObject()
      requestIds = []
    },
  }
}

const noCalls: ModelTally = { ...noUsage, calls: 0, costNanoUsd: 0 }

function plus(sum: ModelTally, usage: Usage, cost: number | null): ModelTally {
  const { calls, costNanoUsd } = sum
  return {
    calls: calls + 1,
    costNanoUsd: costNanoUsd === null || cost === null ? null : costNanoUsd + cost,
    inputTokens: sum.inputTokens + usage.inputTokens,
    cacheReadTokens: sum.cacheReadTokens + usage.cacheReadTokens,
    cacheWrite5mTokens: sum.cacheWrite5mTokens + usage.cacheWrite5mTokens,
    cacheWrite1hTokens: sum.cacheWrite1hTokens + usage.cacheWrite1hTokens,
    outputTokens: sum.outputTokens + usage.outputTokens,
    reasoningTokens: sum.reasoningTokens + usage.reasoningTokens,
  }
}
