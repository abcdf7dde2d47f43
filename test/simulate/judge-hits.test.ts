import { expect, test } from 'vitest'
import { flag } from '../../src/domain/row.ts'
import type { CacheOutcome } from '../../src/simulate/cache-run.ts'
import { judgeHits, openJudge } from '../../src/simulate/judge-hits.ts'
import {
  newJudgingMemory,
  pairOf,
  readJudgingMemory,
  writeJudgingMemory,
} from '../../src/simulate/judging-memory.ts'
import { served } from '../../src/simulate/served.ts'
import { historyOf } from '../support/history.ts'

const requests = 40
/** Every answer is a price, some of them the same in other words. */
function answeredBy(asked: string[]) {
  const history = historyOf(
    Array.from({ length: requests }, (_, place) => ({ at: place, question: place })),
  )
  const answerOf = (seq: number) => {
    asked.push(String(seq))
    const content = seq % 4 === 0 ? 'It costs 5 dollars' : `It costs ${5 + (seq % 3)} dollars.`
    return { hash: String(seq), role: 'assistant', content, isJson: false }
  }
  return { ...history, lookup: { ...history.lookup, answerOf } } as typeof history
}

/** Every second request is served the answer of the one before. */
const run: CacheOutcome = {
  threshold: 0.9,
  by: Uint8Array.from({ length: requests }, (_, place) =>
    place % 2 === 1 ? served.semantic : served.model,
  ),
  owner: Int32Array.from({ length: requests }, (_, place) => place - 1),
  exactHits: 0,
  semanticHits: requests / 2,
  coalesced: 0,
}

test('what was kept judges the same hits the same way, and reads no answer again', () => {
  const [first, second] = [[], []] as [string[], string[]]
  const memory = newJudgingMemory(requests)
  const before = answeredBy(first)
  const judged = judgeHits(
    before,
    run,
    'semantic',
    openJudge(before, undefined, undefined, memory),
    'pairs',
    8,
  )
  const kept = readJudgingMemory(writeJudgingMemory(memory))
  const after = answeredBy(second)
  const again = judgeHits(
    after,
    run,
    'semantic',
    openJudge(after, undefined, undefined, kept),
    'pairs',
    8,
  )
  expect(judged.length).toBeGreaterThan(2)
  expect(new Set(judged.map(({ judgement }) => judgement.verdict))).toEqual(
    new Set(['right', 'wrong']),
  )
  expect(again).toEqual(judged)
  expect(first.length).toBeGreaterThan(0)
  expect(second).toEqual([])
})

test('no two pairs of answers have one number, those without an answer among them', () => {
  const answers = Array.from({ length: 6 }, (_, index) => index - 1)
  const pairs = answers.flatMap((served) => answers.map((own) => pairOf(5, served, own)))
  expect(new Set(pairs).size).toBe(pairs.length)
})

test('the answer of a cache is not taken for one that a model gave', () => {
  const history = answeredBy([])
  history.columns.flags[1] = flag.servedFromCache
  const [first, second] = judgeHits(
    history,
    run,
    'semantic',
    openJudge(history, undefined),
    'pairs',
  )
  expect([first?.place, first?.judgement]).toEqual([1, { verdict: 'unsettled', rung: null }])
  expect([second?.place, second?.judgement.verdict]).toEqual([3, 'wrong'])
  const labelled = { ...history, label: new Int32Array(requests).fill(7), labels: [] }
  const [known] = judgeHits(labelled, run, 'semantic', openJudge(labelled, undefined), 'pairs')
  expect(known?.judgement).toEqual({ verdict: 'right', rung: 'label' })
})
