import type { RequestKeys } from '../domain/keys.ts'
import type { Request } from '../domain/request.ts'
import { keyHash, requestKeys } from '../engine/cache-key.ts'
import { compileKeyIgnore, coveredIgnores } from '../engine/key-ignore.ts'
import type { CachePolicy } from '../policy/caching.ts'
import type { History } from './history.ts'
import { digestOf, type HistoryKeys, Numbers } from './history-keys.ts'

/** A history whose keys leave out what a policy ignores. */
export type KeyedHistory = {
  readonly history: History
  /** Requests that keep their whole keys, since the log holds their prompts as hashes. */
  readonly withoutText: number
  /** Requests that keep what an entry would drop, since they lack the field that covers it. */
  readonly withoutCover: number
  /** Entries of `keyIgnore` that are left out: no namespace tells apart what they drop. */
  readonly uncovered: number
}

/**
 * The history under a policy's `keyIgnore`: keys are made anew from the prompts that the log holds. The stored hash of
 * model, parameters and document version stays as it is, and so does the text that the semantic layer compares.
 */
export function withoutIgnored(history: History, cache: CachePolicy): KeyedHistory {
  const ignores = coveredIgnores(cache)
  const uncovered = cache.keyIgnore.length - ignores.length
  if (ignores.length === 0) return { history, withoutText: 0, withoutCover: 0, uncovered }
  const { keys, ...left } = rekeyed(history, compileKeyIgnore(ignores))
  return { history: { ...history, ...keys }, ...left, uncovered }
}

type Rekeyed = Pick<KeyedHistory, 'withoutText' | 'withoutCover'> & {
  readonly keys: Pick<
    HistoryKeys,
    'partition' | 'exact' | 'question' | 'questionCount' | 'questionsDigest'
  >
}

function rekeyed(history: History, drop: ReturnType<typeof compileKeyIgnore>): Rekeyed {
  const { count, columns } = history
  const list = () => new Int32Array(count).fill(-1)
  const [partition, exact, question] = [list(), list(), list()]
  const numbers = { partition: new Numbers(), exact: new Numbers(), question: new Numbers() }
  // Keys are compared inside one run alone.
  const hash = keyHash('')
  let withoutText = 0
  let withoutCover = 0
  for (let place = 0; place < count; place++) {
    if (history.exact[place] === -1) continue
    const left = leftOf(history.requestAt(place), drop)
    withoutText += left === null ? 1 : 0
    withoutCover += left?.lacksCover === true ? 1 : 0
    const names = namesOf(history, place, left && requestKeys(bareRequest(left.prompt), hash))
    partition[place] = numbers.partition.of(names.around)
    exact[place] = numbers.exact.of(names.exact)
    const questionKey = columns.questionKey[place] as number
    if (!Number.isNaN(questionKey))
      question[place] = numbers.question.of(`${names.around} ${questionKey}`)
  }
  return {
    keys: {
      partition,
      exact,
      question,
      questionCount: numbers.question.count,
      questionsDigest: digestOf(numbers.question.names()),
    },
    withoutText,
    withoutCover,
  }
}

/** What is equal where texts are compared, and where requests are; without keys of its own, as the log numbers it. */
function namesOf({ lookup, seq, ...log }: History, place: number, made: RequestKeys | null) {
  // A name of the log's own number is like no hash.
  if (made === null) return { around: `${log.partition[place]}`, exact: `${log.exact[place]}` }
  const stored = lookup.partitionOf(seq[place] as number)
  return {
    around: `${stored} ${made.prefix.systemKey ?? 'no system prompt'}`,
    exact: `${stored} ${made.exactKey}`,
  }
}

const leftOf = (request: Request, drop: ReturnType<typeof compileKeyIgnore>) =>
  request.prompt === undefined ? null : drop(request.prompt, request)

/** A prompt as a request of its own: what is to be equal besides has its hash already. */
export const bareRequest = (prompt: NonNullable<Request['prompt']>): Request => ({
  model: '',
  operation: 'chat',
  status: 'ok',
  prompt,
})
