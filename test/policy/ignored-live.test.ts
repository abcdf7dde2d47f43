import { expect, test } from 'vitest'
import { looksAt } from '../../src/policy/conditions-in.ts'
import { ignoredLive } from '../../src/policy/ignored-live.ts'
import { parsePolicy } from '../../src/policy/parse-policy.ts'

function policyOf(text: string) {
  const parsed = parsePolicy(text)
  if (!('policy' in parsed)) throw new Error(JSON.stringify(parsed))
  return parsed.policy
}

test('says what a gateway does not follow, and nothing of what it does', () => {
  const paths = (text: string) => ignoredLive(policyOf(text)).map(({ path }) => path)
  expect(paths('')).toEqual([])
  expect(paths('batch: [{ name: nightly, when: { feature: report } }]')).toEqual(['batch'])
  expect(paths('prefix: { pool: { blocks: 10 }, idealised: true }')).toEqual([
    'prefix.pool',
    'prefix.idealised',
  ])
  const odds = '{ name: sure, kind: log-probability, minMean: -1 }'
  const ladder = `[{ target: gpt-4o-mini, validators: [${odds}] }, gpt-4o]`
  expect(paths(`routes: [{ name: all, when: {}, ladder: ${ladder} }]`)).toEqual(['validators'])
  const knn = 'classifiers: { near: { kind: knn, evidence: [scores.jsonl] } }'
  expect(paths(`${knn}\nroutes: [{ name: all, when: {}, classifier: near }]`)).toEqual([])
})

test('finds a condition wherever a policy has one', () => {
  const burst = '{ burstPerMinute: { atLeast: 3 } }'
  const texts = [
    `routes: [{ name: a, when: ${burst}, ladder: [gpt-4o] }]`,
    `cache: { rules: [{ name: a, when: { not: ${burst} }, exact: off }] }`,
    `timeouts: { rules: [{ when: ${burst}, class: batch }] }`,
    `budgets: [{ name: b, scope: all, window: day, limit: $1, when: ${burst} }]`,
  ]
  for (const text of texts)
    expect([text, looksAt(policyOf(text), 'burstPerMinute')]).toEqual([text, true])
  expect(
    looksAt(policyOf('routes: [{ name: a, when: {}, ladder: [gpt-4o] }]'), 'burstPerMinute'),
  ).toBe(false)
})
