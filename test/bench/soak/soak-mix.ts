import { randomFrom } from '../../../src/stats/random.ts'

/** What one client does. */
export type SoakKind =
  | 'json'
  | 'repeat'
  | 'stream'
  | 'slow-reader'
  | 'fault'
  | 'leave'
  | 'malformed'
  | 'cut-upload'

export const soakKinds: readonly SoakKind[] = [
  'json',
  'repeat',
  'stream',
  'slow-reader',
  'fault',
  'leave',
  'malformed',
  'cut-upload',
]

export type SoakRequest = {
  readonly kind: SoakKind
  readonly body: string
  readonly streams: boolean
  readonly isCut: boolean
  readonly leavesAfterMs: number | null
  /** It waits so long before it reads on. */
  readonly pauseMs: number | null
  /** The model may be failing for others: a refusal is as good as an answer. */
  readonly mayBeRefused: boolean
}

/** Shares of the traffic, in percent. */
const shares: Readonly<Record<SoakKind, number>> = {
  json: 30,
  repeat: 14,
  stream: 29,
  'slow-reader': 1,
  fault: 10,
  leave: 10,
  malformed: 4,
  'cut-upload': 2,
}

/** Faults of the mock that end by themselves. */
const faults = [
  '429',
  '500',
  '529',
  'quota',
  'context-length',
  'reset',
  'reset-within',
  'cut-off',
  'malformed',
  'error-event',
  'wrong-type',
] as const

const malformed = [
  '',
  '{"model":',
  '[]',
  'null',
  '"text"',
  '{}',
  '{"model":5,"messages":"x"}',
  '['.repeat(5000),
  '\u0000\u0001\ufffd',
]

const streamed: ReadonlySet<SoakKind> = new Set(['stream', 'slow-reader'])

/** One that fails, and what else is asked of it, so that it also answers. */
const sickModel = 'gpt-4o'
const soundModel = 'gpt-4o-mini'
/** Says more than fits between it and a caller who does not read. */
const talkativeModel = 'gpt-4.1-mini'
const longTokens = 20_000
const longestPauseMs = 60
const repeatedQuestions = 40
const longestStayMs = 120

/** The mock's settings for this traffic: faults by a word in the question. */
export const soakMock: string = JSON.stringify({
  latency: { p50Ms: 10, p95Ms: 60, tokensPerSecond: 800 },
  outputTokens: { median: 40, sigma: 0.5 },
  retryAfterMs: 20,
  models: [
    {
      match: talkativeModel,
      outputTokens: { median: longTokens, sigma: 0 },
      latency: { p50Ms: 10, p95Ms: 60 },
    },
  ],
  script: faults.map((fault) => ({ when: `\\[fault ${fault}\\]`, fault })),
})

/** Makes the requests of a run, one after the other, the same for equal seeds. */
export function openSoakMix(seed: string): (number: number) => SoakRequest {
  const next = randomFrom(seed)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)] as T
  return (number) => {
    const kind = kindAt(100 * next())
    const streams = streamed.has(kind) || ((kind === 'fault' || kind === 'leave') && next() < 0.5)
    const isSick = kind === 'fault' || (kind === 'json' && next() < 0.3)
    const question = {
      json: `What is parcel ${number} made of?`,
      stream: `What is parcel ${number} made of?`,
      'slow-reader': `Tell all there is to say of parcel ${number}.`,
      leave: `Tell a long story of parcel ${number}.`,
      'cut-upload': `Tell a long story of parcel ${number}.`,
      repeat: `How does return policy ${Math.floor(next() * repeatedQuestions)} work?`,
      fault: `[fault ${pick(faults)}] of parcel ${number}`,
      malformed: '',
    }[kind]
    const model = modelOf(kind, isSick)
    const body = kind === 'malformed' ? pick(malformed) : chatBody(question, { streams, model })
    const leaves = kind === 'leave' || kind === 'cut-upload'
    const leavesAfterMs = leaves ? Math.ceil(next() * longestStayMs) : null
    return {
      kind,
      body,
      streams,
      isCut: kind === 'cut-upload',
      leavesAfterMs,
      pauseMs: kind === 'slow-reader' ? Math.ceil(next() * longestPauseMs) : null,
      mayBeRefused: isSick,
    }
  }
}

const modelOf = (kind: SoakKind, isSick: boolean): string =>
  kind === 'slow-reader' ? talkativeModel : isSick ? sickModel : soundModel

function kindAt(percent: number): SoakKind {
  let left = percent
  for (const kind of soakKinds) {
    left -= shares[kind]
    if (left < 0) return kind
  }
  return 'json'
}

const chatBody = (
  question: string,
  { streams, model }: { readonly streams: boolean; readonly model: string },
): string =>
  JSON.stringify({
    model,
    messages: [{ role: 'user', content: question }],
    max_tokens: model === talkativeModel ? longTokens : 200,
    ...(streams && { stream: true, stream_options: { include_usage: true } }),
  })
