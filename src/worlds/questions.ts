import { compileCacheText } from '../engine/cache-text.ts'
import type { CacheText } from '../policy/caching.ts'
import type { History } from './history.ts'

/**
 * The texts that the semantic layer compares, each once to a partition: requests with the same number ask the same of
 * the same model, system prompt, tools and parameters.
 */
export type Questions = {
  /** By place in the history; -1: no text. */
  readonly at: Int32Array
  readonly count: number
  /** By question. */
  readonly partition: Uint32Array
  /** A place that asks it, by question. */
  readonly first: Uint32Array
  /** Null where no text is kept. */
  textOf(question: number): string | null
}

/** The texts that a policy compares. */
export function questionsOf(history: History, cacheText: CacheText): Questions {
  if (cacheText.kind === 'last-user') return lastUserQuestions(history)
  const textOf = compileCacheText(cacheText)
  return otherQuestions(history, (place) => textOf(history.requestAt(place)))
}

/** The last user message as the compared text: its keys are in the store, so no text is read for them. */
export function lastUserQuestions(history: History): Questions {
  const { question, questionCount, partition, lookup, seq } = history
  const partitions = new Uint32Array(questionCount)
  const first = new Uint32Array(questionCount)
  for (let place = history.count - 1; place >= 0; place--) {
    const number = question[place] as number
    if (number === -1) continue
    partitions[number] = partition[place] as number
    first[number] = place
  }
  return {
    at: question,
    count: questionCount,
    partition: partitions,
    first,
    textOf: (number) => lookup.questionOf(seq[first[number] as number] as number),
  }
}

/** Any other text of a request, made by the policy's words for it. */
export function otherQuestions(
  history: History,
  textOf: (place: number) => string | null,
): Questions {
  const at = new Int32Array(history.count).fill(-1)
  const numbers = new Map<string, number>()
  const partitions: number[] = []
  const first: number[] = []
  const texts: string[] = []
  for (let place = 0; place < history.count; place++) {
    const text = history.partition[place] === -1 ? null : textOf(place)
    if (text === null) continue
    const partition = history.partition[place] as number
    const key = `${partition} ${text}`
    let number = numbers.get(key)
    if (number === undefined) {
      number = numbers.size
      numbers.set(key, number)
      partitions.push(partition)
      first.push(place)
      texts.push(text)
    }
    at[place] = number
  }
  return {
    at,
    count: numbers.size,
    partition: Uint32Array.from(partitions),
    first: Uint32Array.from(first),
    textOf: (number) => texts[number] ?? null,
  }
}
