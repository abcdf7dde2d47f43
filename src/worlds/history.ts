import { createHash } from 'node:crypto'
import type { RequestLookup, RequestSource } from '../domain/columns.ts'
import type { HistorySource } from '../domain/history.ts'
import type { BypassReason } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import { flag, type Profile } from '../domain/row.ts'
import { type Columns, columnsInOrder } from './history-columns.ts'
import { storedRequests } from './stored-request.ts'

/**
 * A log as the engine meets it: requests in their order (time, then the order they were read), one place an array.
 * Keys are numbered 0, 1, 2 …; -1 is absent. Undated requests stand behind the dated ones.
 */
export type History = {
  readonly count: number
  readonly seq: Float64Array
  /** Milliseconds since 1970 UTC; NaN where unknown. Zero everywhere in a log without any time. */
  readonly at: Float64Array
  /** 0 where the log has none: those are counted in `withoutLatency`. */
  readonly latencyMs: Float64Array
  readonly withoutLatency: number
  /** When the answer was there. */
  readonly born: Float64Array
  readonly columns: Columns
  readonly profiles: readonly Profile[]
  /** Operation, requested model, parameters, document version, tools and system prompt. */
  readonly partition: Int32Array
  /** The whole conversation besides: the exact layer's key, namespace apart. */
  readonly exact: Int32Array
  /** The last user message's text inside its partition: equal for the same question asked of the same. */
  readonly question: Int32Array
  readonly questionCount: number
  /** Tells apart any two lists of questions. */
  readonly questionsDigest: string
  readonly answer: Int32Array
  readonly label: Int32Array
  readonly labels: readonly string[]
  /** System prompt and messages, tools not counted; 0 without a prompt. */
  readonly messages: Uint16Array
  /** What keeps a request from every cache, as a number of `bypassReasons`; 0: nothing. */
  readonly bypass: Uint8Array
  /** 1 where the answer may be kept. */
  readonly insertable: Uint8Array
  readonly hasTimes: boolean
  readonly lookup: RequestLookup
  /** The request at a place, its texts looked up when they are asked for. */
  requestAt(place: number): Request
}

/** By number; the first stands for none. */
export const bypassReasons = [
  null,
  'no-key',
  'no-time',
  'not-answered',
  'choices',
  'tool-call',
] as const satisfies readonly (BypassReason | null)[]
const reason = Object.fromEntries(bypassReasons.map((name, number) => [name, number])) as Record<
  Exclude<(typeof bypassReasons)[number], null>,
  number
>

/** How the answer ended that wants a tool to be called, in the words of the wire formats. */
const toolFinishes = new Set(['tool', 'tool_calls', 'tool_use', 'function_call'])

/** Reads the selected requests of a store into their order. */
export function loadHistory(
  source: RequestSource,
  stored: HistorySource,
  lookup: RequestLookup,
): History {
  const { columns, hasTimes } = columnsInOrder(source)
  const { profiles } = source
  const count = columns.seq.length
  const keys = keysOf(columns, stored)
  const latencyMs = columns.latencyMs.map((ms) => (Number.isNaN(ms) ? 0 : Math.max(0, ms)))
  const bypass = Uint8Array.from({ length: count }, (_, place) =>
    bypassOf(profiles[columns.profile[place] as number] as Profile, keys, place, columns, hasTimes),
  )
  return {
    count,
    seq: columns.seq,
    at: columns.at,
    latencyMs,
    withoutLatency: columns.latencyMs.reduce((sum, ms) => sum + (Number.isNaN(ms) ? 1 : 0), 0),
    born: columns.at.map((at, place) => at + (latencyMs[place] as number)),
    columns,
    profiles,
    ...keys,
    bypass,
    insertable: bypass.map((code, place) =>
      code === 0 && ((columns.flags[place] as number) & flag.truncated) === 0 ? 1 : 0,
    ),
    hasTimes,
    lookup,
    requestAt: storedRequests(columns, profiles, lookup),
  }
}

type Keys = ReturnType<typeof keysOf>

/** Why a request can neither be served by a cache nor fill one, whatever the policy says. */
function bypassOf(
  profile: Profile,
  keys: Keys,
  place: number,
  columns: Columns,
  hasTimes: boolean,
): number {
  if (keys.exact[place] === -1) return reason['no-key']
  if (hasTimes && Number.isNaN(columns.at[place])) return reason['no-time']
  if (profile.status !== null && profile.status !== 'ok') return reason['not-answered']
  if ((keys.choices[place] as number) > 1) return reason.choices
  if (profile.finishReason !== null && toolFinishes.has(profile.finishReason))
    return reason['tool-call']
  return 0
}

/** Numbers the keys of all requests. */
function keysOf(columns: Columns, stored: HistorySource) {
  const count = columns.seq.length
  const placeOf = new Map<number, number>()
  for (let place = 0; place < count; place++) placeOf.set(columns.seq[place] as number, place)
  const list = () => new Int32Array(count).fill(-1)
  const [partition, exact, question, answer, label] = [list(), list(), list(), list(), list()]
  const choices = new Uint16Array(count)
  const numbers = {
    partition: new Numbers(),
    exact: new Numbers(),
    question: new Numbers(),
    answer: new Numbers(),
    label: new Numbers(),
  }
  for (const keys of stored.keys()) {
    const place = placeOf.get(keys.seq)
    if (place === undefined) continue
    if (keys.answerKey !== null) answer[place] = numbers.answer.of(keys.answerKey)
    if (keys.answerLabel !== null) label[place] = numbers.label.of(keys.answerLabel)
    choices[place] = keys.choices ?? 1
    if (keys.partition === null) continue
    const name = `${keys.partition} ${columns.systemKey[place]}`
    partition[place] = numbers.partition.of(name)
    exact[place] = numbers.exact.of(columns.exactKey[place] as number)
    const questionKey = columns.questionKey[place] as number
    if (!Number.isNaN(questionKey)) question[place] = numbers.question.of(`${name} ${questionKey}`)
  }
  return {
    partition,
    exact,
    question,
    questionCount: numbers.question.count,
    questionsDigest: digestOf(numbers.question.names()),
    answer,
    label,
    labels: numbers.label.names() as readonly string[],
    choices,
    messages: messageCounts(columns, stored),
  }
}

/** Of names in their order; a partition's own name stands in for its number. */
function digestOf(names: readonly (string | number)[]): string {
  const hash = createHash('sha256')
  for (let from = 0; from < names.length; from += 4096)
    hash.update(names.slice(from, from + 4096).join('\n')).update('\n')
  return hash.digest('base64url')
}

/** Tools stand at a chain's beginning and are no message. */
function messageCounts({ promptTip, flags }: Columns, stored: HistorySource): Uint16Array {
  const lengths = stored.chainLengths()
  return Uint16Array.from(promptTip, (tip, place) => {
    const length = lengths.get(tip) ?? 0
    const hasTools = ((flags[place] as number) & flag.hasTools) !== 0
    return Math.min(65_535, Math.max(0, length - (hasTools ? 1 : 0)))
  })
}

/** Numbers names 0, 1, 2 … in the order they come. */
class Numbers {
  readonly #numbers = new Map<string | number, number>()

  get count(): number {
    return this.#numbers.size
  }

  of(name: string | number): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const number = this.#numbers.size
    this.#numbers.set(name, number)
    return number
  }

  names(): readonly (string | number)[] {
    return [...this.#numbers.keys()]
  }
}
