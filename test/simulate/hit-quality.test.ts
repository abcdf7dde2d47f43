import { expect, it } from 'vitest'
import { hitQuality } from '../../src/simulate/hit-quality.ts'

it('tells what was judged from what a label settles', () => {
  const judged = [
    { verdict: 'right', rung: 'label' },
    { verdict: 'wrong', rung: 'human' },
    { verdict: 'wrong', rung: 'human', exploratory: true },
    { verdict: 'unsettled', rung: 'human' },
    { verdict: 'right', rung: 'judge' },
    { verdict: 'right', rung: 'similarity' },
    { verdict: 'unsettled', rung: null },
  ] as const
  const hits = judged.map((judgement, place) => ({ place, owner: 0, judgement }))
  expect(hitQuality(hits, 7, 10)).toMatchObject({ judged: 7, labelled: 2 })
})
