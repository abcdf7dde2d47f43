import { createHash } from 'node:crypto'
import type { HistorySource } from '../domain/history.ts'
import { flag } from '../domain/row.ts'
import type { Columns } from './history-columns.ts'

/** What tells apart the requests of a history, numbered 0, 1, 2 …; -1 is absent. */
export type HistoryKeys = {
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
  readonly choices: Uint16Array
}

/** Numbers the keys of all requests. */
export function historyKeys(columns: Columns, stored: HistorySource): HistoryKeys {
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
export function digestOf(names: readonly (string | number)[]): string {
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
export class Numbers {
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
