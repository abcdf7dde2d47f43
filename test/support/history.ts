import type { Request } from '../../src/domain/request.ts'
import { hash53 } from '../../src/domain/row.ts'
import { cosine } from '../../src/vectors/cosine.ts'
import type { History } from '../../src/worlds/history.ts'
import type { Neighbours } from '../../src/worlds/neighbours.ts'
import { lastUserQuestions, type Questions } from '../../src/worlds/questions.ts'

/** One request of a made-up history, in its order. Absent keys are those of nothing. */
export type PlainMoment = {
  readonly at: number
  readonly latencyMs?: number
  /** Which model, system prompt, tools and parameters. */
  readonly partition?: number
  readonly question: number
  /** The whole conversation; the question by default. */
  readonly exact?: number
  readonly label?: number
  readonly bypass?: number
  readonly insertable?: boolean
  readonly messages?: number
  readonly request?: Partial<Request>
  readonly costNanoUsd?: number
}

/** A history of plain moments: what a store would give, without one. */
export function historyOf(moments: readonly PlainMoment[]): History {
  const count = moments.length
  const numbers = (of: (moment: PlainMoment, place: number) => number) =>
    Float64Array.from(moments, (moment, place) => of(moment, place))
  const at = numbers((moment) => moment.at)
  const latencyMs = numbers((moment) => moment.latencyMs ?? 0)
  const seq = numbers((_, place) => place)
  const questionCount = Math.max(-1, ...moments.map(({ question }) => question)) + 1
  // Equal but for their users.
  const words = moments.map(({ request }) => JSON.stringify({ ...request, user: undefined }))
  const profileOf = new Map([...new Set(words)].map((each, number) => [each, number]))
  const columnNames = ['seq', 'at', 'cost', 'flags', 'inputTokens', 'outputTokens']
  return {
    count,
    seq,
    at,
    latencyMs,
    withoutLatency: 0,
    born: at.map((time, place) => time + (latencyMs[place] as number)),
    columns: {
      ...Object.fromEntries(columnNames.map((name) => [name, new Float64Array(count)])),
      cost: numbers(({ costNanoUsd = 0 }) => costNanoUsd),
      profile: numbers((_, place) => profileOf.get(words[place] as string) as number),
      user: numbers(({ request }) =>
        request?.user === undefined ? Number.NaN : hash53(request.user),
      ),
    } as History['columns'],
    profiles: [],
    partition: Int32Array.from(moments, ({ partition = 0 }) => partition),
    exact: Int32Array.from(moments, ({ exact, question }) => exact ?? question),
    question: Int32Array.from(moments, ({ question }) => question),
    questionCount,
    questionsDigest: '',
    choices: new Uint16Array(count).fill(1),
    answer: Int32Array.from(moments, (_, place) => place),
    label: Int32Array.from(moments, ({ label = -1 }) => label),
    labels: [],
    messages: Uint16Array.from(moments, ({ messages = 1 }) => messages),
    bypass: Uint8Array.from(moments, ({ bypass = 0 }) => bypass),
    insertable: Uint8Array.from(moments, ({ insertable = true, bypass = 0 }) =>
      insertable && bypass === 0 ? 1 : 0,
    ),
    hasTimes: true,
    lookup: {
      textOf: () => null,
      messagesOf: () => [],
      questionOf: () => null,
      answerOf: () => null,
      partitionOf: () => null,
      extraOf: () => ({}),
    },
    requestAt: (place) => ({
      model: 'model',
      operation: 'chat',
      status: 'ok',
      ...moments[place]?.request,
    }),
  }
}

/** Neighbours by comparing all vectors, with guards by a given word. */
export function neighboursOf(
  questions: Questions,
  vectors: readonly (ArrayLike<number> | null)[],
  floor: number,
  guardOf: (a: number, b: number) => boolean = () => false,
): Neighbours {
  const rows = vectors.map((vector, question) => {
    const row: { other: number; similarity: number }[] = []
    vectors.forEach((other, number) => {
      if (vector === null || other === null) return
      if (questions.partition[question] !== questions.partition[number]) return
      const similarity = cosine(Float64Array.from(vector), Float64Array.from(other))
      if (similarity >= floor) row.push({ other: number, similarity })
    })
    return row.sort((a, b) => b.similarity - a.similarity || a.other - b.other)
  })
  const offsets = new Uint32Array(rows.length + 1)
  rows.forEach((row, question) => {
    offsets[question + 1] = (offsets[question] as number) + row.length
  })
  return {
    floor,
    hasVector: (question) => vectors[question] !== null,
    offsets,
    others: Uint32Array.from(rows.flatMap((row) => row.map(({ other }) => other))),
    similarities: Float64Array.from(rows.flatMap((row) => row.map(({ similarity }) => similarity))),
    guarded: Uint8Array.from(
      rows.flatMap((row, question) => row.map(({ other }) => (guardOf(question, other) ? 1 : 0))),
    ),
    guards: [null, 'numbers'],
  }
}

export { lastUserQuestions }
