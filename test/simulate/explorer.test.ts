import { expect, test } from 'vitest'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { openExplorer } from '../../src/simulate/explorer.ts'
import { openJudge } from '../../src/simulate/judge-hits.ts'
import { historyOf, lastUserQuestions, neighboursOf } from '../support/history.ts'

const minute = 60_000
/** Two users ask two alike questions a minute apart, twice; labels say that the answers differ. */
const history = historyOf(
  [0, 1, 0, 1].map((question, index) => ({
    at: index * minute,
    question,
    label: question,
    costNanoUsd: 1000,
    request: { user: index < 2 ? 'a' : 'b' },
  })),
)
const questions = lastUserQuestions(history)
const vectors = [
  [1, 0],
  [0.9, Math.sqrt(1 - 0.81)],
]
const evaluate = openExplorer({
  history,
  semantic: { questions, neighbours: neighboursOf(questions, vectors, 0.5) },
  policy: mergePolicy(defaultPolicy, {
    cache: { semantic: { on: true }, namespace: { kind: 'shared' }, rules: [] },
  }),
  rules: new Int16Array(history.count).fill(-1),
  judge: openJudge(history, undefined),
  baselineNanoUsd: 4000n,
  costsOf: new Map([
    ['as-logged', new Float64Array(4).fill(1000)],
    ['cheap', new Float64Array(4).fill(10)],
  ]),
  namespaces: new Map([
    ['shared', { kind: 'shared' }],
    ['user', { kind: 'fields', fields: ['user'] }],
  ]),
})

const asked = { threshold: 0.95, ttlSeconds: null, namespace: 'shared', route: 'as-logged' }

test.each([
  ['as it stands', {}, { exactHits: 2, semanticHits: 0, spendUsd: 0.000002, wrong: null }],
  [
    'a lower threshold',
    { threshold: 0.85 },
    { exactHits: 1, semanticHits: 2, spendUsd: 0.000001, wrong: 1 },
  ],
  [
    'a short life',
    { ttlSeconds: 60 },
    { exactHits: 0, semanticHits: 0, spendUsd: 0.000004, wrong: null },
  ],
  [
    'one user each',
    { namespace: 'user' },
    { exactHits: 0, semanticHits: 0, spendUsd: 0.000004, wrong: null },
  ],
  [
    'a cheap route',
    { route: 'cheap' },
    { exactHits: 2, semanticHits: 0, spendUsd: 0.00000002, wrong: null },
  ],
])('%s', (_, change, { wrong, ...totals }) => {
  const found = evaluate({ ...asked, ...change })
  expect(found).toMatchObject(totals)
  expect(found.wrongPerHit?.low ?? null).toBe(wrong)
  expect([found.cacheable, found.baselineUsd]).toEqual([4, 0.000004])
})
