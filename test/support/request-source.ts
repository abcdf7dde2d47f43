import type { ColumnName, RequestLookup, RequestSource, Segment } from '../../src/domain/columns.ts'
import type { PriceSource } from '../../src/domain/price.ts'
import { difficultyShift, hash53, type Profile, profileFields } from '../../src/domain/row.ts'

/** One request in plain words; what is left out is absent, counts are 0. Costs in nano-dollars, null is unpriced. */
export type PlainRequest = Partial<{ readonly [Name in keyof Profile]: string | null }> & {
  readonly id?: string
  /** Milliseconds since 1970, or ISO 8601; null is undated. */
  readonly at?: number | string | null
  readonly latencyMs?: number
  readonly firstTokenMs?: number
  readonly inputTokens?: number
  readonly cacheReadTokens?: number
  readonly cacheWrite5mTokens?: number
  readonly cacheWrite1hTokens?: number
  readonly outputTokens?: number
  readonly reasoningTokens?: number
  readonly costs?: Partial<Record<CostClass, number>> | null
  readonly loggedCost?: number
  readonly flags?: number
  readonly difficulty?: 'simple' | 'medium' | 'hard'
  readonly user?: string
  readonly session?: string
  readonly trace?: string
  readonly exact?: string
  readonly question?: string
  readonly tip?: string
  readonly system?: string
  readonly systemTokens?: number
  readonly history?: string
  readonly historyTokens?: number
  readonly step?: string
  /** A number of `prices`. */
  readonly price?: number
}
type CostClass = 'input' | 'cacheRead' | 'cacheWrite' | 'output' | 'tools' | 'other'

const levels = { simple: 1, medium: 2, hard: 3 } as const

/** Requests as a store would give them, and the look-up behind them. */
export function sourceOf(
  requests: readonly PlainRequest[],
  prices: readonly PriceSource[] = [],
  segmentLength = 7,
): { readonly source: RequestSource; readonly lookup: RequestLookup } {
  // Numbers start at 1, as those of a store do.
  const profiles: Profile[] = []
  const numbers = new Map<string, number>()
  const rows = requests.map((request, index) => {
    const profile = profileOf(request)
    const name = JSON.stringify(profile)
    const number = numbers.get(name) ?? numbers.size + 1
    numbers.set(name, number)
    profiles[number] = profile
    return cellsOf(request, index + 1, number)
  })
  const source: RequestSource = {
    count: requests.length,
    profiles,
    prices,
    *segments<Name extends ColumnName>(names: readonly Name[]) {
      for (let start = 0; start < rows.length; start += segmentLength) {
        const part = rows.slice(start, start + segmentLength)
        const columns = names.map((name) => [name, Float64Array.from(part, (row) => row[name])])
        yield { ...Object.fromEntries(columns), length: part.length } as unknown as Segment<Name>
      }
    },
  }
  return { source, lookup: lookupOf(requests) }
}

function profileOf(request: PlainRequest): Profile {
  const usual = { provider: 'openai', model: 'gpt-4o', operation: 'chat', status: 'ok' }
  return Object.fromEntries(
    profileFields.map((field) => [
      field,
      request[field] === undefined
        ? ((usual as Record<string, string>)[field] ?? null)
        : request[field],
    ]),
  ) as Profile
}

const keyOf = (text: string | undefined): number => (text === undefined ? Number.NaN : hash53(text))
const costColumns = {
  costInput: 'input',
  costCacheRead: 'cacheRead',
  costCacheWrite: 'cacheWrite',
  costOutput: 'output',
  costTools: 'tools',
  costOther: 'other',
} as const

function cellsOf(request: PlainRequest, seq: number, profile: number): Record<ColumnName, number> {
  const { at, costs = {}, difficulty, flags = 0 } = request
  const parts = Object.fromEntries(
    Object.entries(costColumns).map(([column, name]) => [
      column,
      costs === null ? Number.NaN : (costs[name] ?? 0),
    ]),
  )
  return {
    ...cellsOfKeys(request),
    seq,
    file: 1,
    profile,
    at: typeof at === 'string' ? Date.parse(at) : (at ?? Number.NaN),
    latencyMs: request.latencyMs ?? Number.NaN,
    firstTokenMs: request.firstTokenMs ?? Number.NaN,
    inputTokens: request.inputTokens ?? 0,
    cacheReadTokens: request.cacheReadTokens ?? 0,
    cacheWrite5mTokens: request.cacheWrite5mTokens ?? 0,
    cacheWrite1hTokens: request.cacheWrite1hTokens ?? 0,
    outputTokens: request.outputTokens ?? 0,
    reasoningTokens: request.reasoningTokens ?? 0,
    ...parts,
    cost: costs === null ? Number.NaN : Object.values(costs).reduce((sum, part) => sum + part, 0),
    loggedCost: request.loggedCost ?? Number.NaN,
    flags:
      flags |
      (costs === null ? 2 : 0) |
      (difficulty === undefined ? 0 : levels[difficulty] << difficultyShift),
    price: request.price ?? 0,
  } as Record<ColumnName, number>
}

const cellsOfKeys = (request: PlainRequest) => ({
  user: keyOf(request.user),
  session: keyOf(request.session),
  trace: keyOf(request.trace),
  exactKey: keyOf(request.exact),
  questionKey: keyOf(request.question),
  promptTip: keyOf(request.tip),
  systemKey: keyOf(request.system),
  systemTokens: request.systemTokens ?? 0,
  historyKey: keyOf(request.history),
  historyTokens: request.historyTokens ?? 0,
  stepKey: keyOf(request.step),
})

function lookupOf(requests: readonly PlainRequest[]): RequestLookup {
  const at = (seq: number): PlainRequest => requests[seq - 1] ?? {}
  return {
    textOf: (seq, column) => at(seq)[column] ?? null,
    messagesOf: () => [],
    questionOf: (seq) => at(seq).question ?? null,
    answerOf: () => null,
    partitionOf: (seq) => partitionOf(at(seq)),
    extraOf: () => ({}),
  }
}

const partitionOf = (request: PlainRequest): string => {
  const { operation, requestedModel, model, params, documentVersion } = profileOf(request)
  return JSON.stringify([operation, requestedModel ?? model, params, documentVersion])
}

/** A price in dollars per million tokens. */
export const priceAt = (
  rates: Partial<PriceSource['usdPerMillion']> = {},
  target = 'openai:gpt-4o',
): PriceSource => ({
  id: target,
  source: 'test',
  target,
  since: null,
  band: null,
  usdPerMillion: {
    input: '0',
    cacheRead: '0',
    cacheWrite5m: '0',
    cacheWrite1h: '0',
    output: '0',
    ...rates,
  },
  factors: [],
})
