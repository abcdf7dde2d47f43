import * as z from 'zod'
import { defined } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { formatPath } from '../policy/problems.ts'
import { type MockFaultName, mockFaultNames } from './mock-faults.ts'
import type { RateLimit } from './mock-limit.ts'

/** How one model of the mock behaves. */
export type MockBehaviour = {
  /**
   * Share of calls answered right: with the expected answer where one is known, else with a text that depends on the
   * question alone.
   */
  readonly accuracy: number
  /**
   * How much being right depends on the question, 0 to 1: the correlation of two models, or two turns, of equal
   * accuracy on the same question. With accuracies p and q it is this times (min(p, q) - pq) / sqrt(p(1-p)q(1-q)).
   */
  readonly sharedDifficulty: number
  /** Length of answers that the mock makes up: log-normal. */
  readonly outputTokens: { readonly median: number; readonly sigma: number }
  readonly latency: MockLatency
  /** Share of calls that go wrong, by how. */
  readonly faults: Readonly<Partial<Record<MockFaultName, number>>>
  /** Share of calls answered by calling a tool, where tools are offered and the caller leaves the choice. */
  readonly toolCalls: number
  /** Share of the prompt that usage says was read from the prompt cache. */
  readonly cachedShare: number
  /** Looked through first; a line's answer is right. */
  readonly script: readonly ScriptLine[]
  /** Estimated tokens in one chunk of a stream. */
  readonly chunkTokens: number
  /** Between two chunks of a stream; null: as `latency.tokensPerSecond` has it. */
  readonly chunkMs: number | null
}

export type MockLatency = {
  /** To the first content: log-normal with this median and 95th percentile, milliseconds. */
  readonly p50Ms: number
  readonly p95Ms: number
  /** After the first content; null: all at once. */
  readonly tokensPerSecond: number | null
  /** This share of calls waits so many times as long for the first content. */
  readonly spikeShare: number
  readonly spikeFactor: number
}

/** What is said to a last user message that matches: an answer, a tool call or a fault. */
export type ScriptLine = {
  /** A regular expression, in any case; absent: every message. */
  readonly when?: string | undefined
  readonly answer?: string | undefined
  readonly tool?: { readonly name: string; readonly input: string } | undefined
  readonly fault?: MockFaultName | undefined
}

export type MockSettings = MockBehaviour & {
  readonly seed: string
  /** What a 429 asks to wait. */
  readonly retryAfterMs: number
  /** How late the first content of a `slow` answer is. */
  readonly slowMs: number
  /** Over HTTP alone: so many calls in each window of time, of all models; null: any number. */
  readonly rateLimit: RateLimit | null
  /** Models that behave otherwise: the first whose pattern (`*`: any characters) fits the name. */
  readonly models: readonly (Partial<MockBehaviour> & { readonly match: string })[]
}

/** Says at once, right and for ever what it is asked for. */
export const defaultMockSettings: MockSettings = {
  seed: '0',
  retryAfterMs: 1_000,
  slowMs: 30_000,
  rateLimit: null,
  models: [],
  accuracy: 1,
  sharedDifficulty: 0,
  outputTokens: { median: 60, sigma: 0.5 },
  latency: { p50Ms: 0, p95Ms: 0, tokensPerSecond: null, spikeShare: 0, spikeFactor: 10 },
  faults: {},
  toolCalls: 0,
  cachedShare: 0,
  script: [],
  chunkTokens: 4,
  chunkMs: null,
}

const share = z.number().min(0).max(1)
const milliseconds = z.number().min(0).max(86_400_000)

const latency = z
  .strictObject({
    p50Ms: milliseconds,
    p95Ms: milliseconds,
    tokensPerSecond: z.number().positive().nullable(),
    spikeShare: share,
    spikeFactor: z.number().min(1).max(1_000),
  })
  .partial()
  .transform((given) => {
    const p50Ms = given.p50Ms ?? 0
    return { ...defaultMockSettings.latency, p95Ms: p50Ms, ...defined(given), p50Ms }
  })
  .refine(({ p50Ms, p95Ms }) => p95Ms >= p50Ms, 'p95Ms is at least p50Ms')
  .refine(({ p50Ms, p95Ms }) => p50Ms > 0 || p95Ms === 0, 'p50Ms is above 0 where p95Ms is')

const faults = z
  .partialRecord(z.enum(mockFaultNames as [MockFaultName, ...MockFaultName[]]), share)
  .refine(
    (shares) => Object.values(shares).reduce((sum, each) => sum + each, 0) <= 1 + 1e-9,
    'the shares sum to more than 1',
  )

const pattern = z.string().refine((source) => {
  try {
    return new RegExp(source, 'iu') !== null
  } catch {
    return false
  }
}, 'it is no regular expression')

const scriptLine = z
  .strictObject({
    when: pattern.optional(),
    answer: z.string().optional(),
    tool: z
      .strictObject({
        name: z.string().min(1),
        input: z
          .union([z.string(), z.record(z.string(), z.json())])
          .transform((input) => (typeof input === 'string' ? input : JSON.stringify(input))),
      })
      .optional(),
    fault: z.enum(mockFaultNames as [MockFaultName, ...MockFaultName[]]).optional(),
  })
  .refine(
    ({ answer, tool, fault }) =>
      [answer, tool, fault].filter((each) => each !== undefined).length === 1,
    'a line of the script has one of answer, tool and fault',
  )

const behaviour = {
  accuracy: share,
  sharedDifficulty: share,
  outputTokens: z.strictObject({
    median: z.number().min(1).max(100_000),
    sigma: z.number().min(0).max(3),
  }),
  latency,
  faults,
  toolCalls: share,
  cachedShare: share,
  script: z.array(scriptLine),
  chunkTokens: z.number().int().min(1),
  chunkMs: milliseconds.nullable(),
}

const rateLimit = z.strictObject({
  requests: z.number().int().min(1),
  windowMs: z.number().min(1).max(86_400_000),
})

const fileSchema = z
  .strictObject({
    ...behaviour,
    seed: z.union([z.string(), z.number()]).transform(String),
    retryAfterMs: milliseconds,
    slowMs: milliseconds,
    rateLimit: rateLimit.nullable(),
    models: z.array(
      z
        .strictObject(behaviour)
        .partial()
        .extend({ match: z.string().min(1) })
        .transform(defined),
    ),
  })
  .partial()
  .transform(defined)

/**
 * Settings from a file or flags, over the defaults. Throws a UserError that names every mistake; `source` says where
 * they were given.
 */
export function readMockSettings(given: unknown, source: string): MockSettings {
  const read = fileSchema.safeParse(given ?? {})
  if (read.success) return { ...defaultMockSettings, ...read.data }
  const mistakes = read.error.issues.map(({ path, message }) => {
    const place = formatPath(path as readonly (string | number)[])
    return place === '' ? message : `${place}: ${message}`
  })
  throw new UserError(`${source}: ${mistakes.join('; ')}`, {
    hint: 'docs/mock.md has every setting',
  })
}
