import { expect, it } from 'vitest'
import { flag } from '../../src/domain/row.ts'
import { compilePolicy } from '../../src/engine/compile-policy.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { prepareCache } from '../../src/simulate/cache-inputs.ts'
import { openJudge } from '../../src/simulate/judge-hits.ts'
import { noiseFloorOf } from '../../src/simulate/noise-floor.ts'
import { lastUserQuestions } from '../../src/worlds/questions.ts'
import { historyOf, type PlainMoment } from '../support/history.ts'

/** By the places that a cache had served. */
function floorOf(
  moments: readonly PlainMoment[],
  isExactOn: boolean,
  cached: readonly number[] = [],
) {
  const history = historyOf(moments)
  for (const place of cached) history.columns.flags[place] = flag.servedFromCache
  const policy = mergePolicy(defaultPolicy, {
    cache: { exact: { on: isExactOn }, namespace: { kind: 'shared' } },
  } as Parameters<typeof mergePolicy>[1])
  const semantic = { questions: lastUserQuestions(history), neighbours: null }
  const rules = new Int16Array(history.count).fill(-1)
  const prepared = prepareCache(history, semantic, compilePolicy(policy), rules)
  return noiseFloorOf(history, prepared, openJudge(history, undefined))
}

/** The same question, answered as the labels say. */
const asked = (labels: readonly number[]): readonly PlainMoment[] =>
  labels.map((label, place) => ({ at: place, question: 0, label }))

it('is the same with and without an exact layer', () => {
  const found = { repeats: 3, differing: { low: 1, high: 1 }, rate: { low: 1 / 3, high: 1 / 3 } }
  expect(floorOf(asked([1, 1, 2, 1]), true)).toEqual(found)
  expect(floorOf(asked([1, 1, 2, 1]), false)).toEqual(found)
})

it('compares with the entry that would have served, not with the request before', () => {
  // Beside its predecessor only the second differs, and the third would not.
  expect(floorOf(asked([1, 2, 2]), true)).toMatchObject({ differing: { low: 2, high: 2 } })
})

it('takes what a cache had served neither for a repeat nor for an entry', () => {
  expect(floorOf(asked([1, 2, 2]), true, [0])).toMatchObject({
    repeats: 1,
    differing: { low: 0, high: 0 },
  })
  expect(floorOf(asked([1, 1, 2]), true, [1])).toMatchObject({
    repeats: 1,
    differing: { low: 1, high: 1 },
  })
})
