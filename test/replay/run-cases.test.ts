import { expect, test } from 'vitest'
import { runCases } from '../../src/replay/run-cases.ts'
import { verdictOf } from '../../src/replay/verdict.ts'
import { randomFrom } from '../../src/stats/random.ts'
import { marginBet } from '../../src/stats/sequential-pairs.ts'
import { caseOf, measuredOf } from '../support/replay-cases.ts'

const margin = 0.05

/** Pairs of answers whose true loss is exactly the margin: any verdict is an error. */
function differencesAtMargin(seed: string, count: number): readonly number[] {
  const random = randomFrom(seed)
  // 10 % of pairs disagree; better in 2.5 %, worse in 7.5 %: a mean of -5 %.
  return Array.from({ length: count }, () => {
    const drawn = random()
    return drawn < 0.025 ? 1 : drawn < 0.1 ? -1 : 0
  })
}

const cases = Array.from({ length: 500 }, (_, index) => caseOf(index))
const bet = marginBet({ margin, discordantShare: 0.1, delta: 0.05 })

test('a sequence that may stop at any pair errs in at most 66 of 1,000 runs at the margin', async () => {
  let errors = 0
  for (let run = 0; run < 1_000; run++) {
    const differences = differencesAtMargin(`margin ${run}`, cases.length)
    const { evidence } = await runCases({
      cases,
      concurrency: 1,
      bet,
      weightOf: () => 1,
      measure: async (each) => measuredOf(each, differences[each.seq as number] as number),
    })
    if (evidence.decided?.verdict === 'non-inferior') errors++
  }
  expect(errors).toBeLessThanOrEqual(66)
})

test('equal answers are soon proved not inferior, a clear loss inferior', async () => {
  const run = (difference: (index: number) => number) =>
    runCases({
      cases,
      concurrency: 8,
      bet,
      weightOf: () => 1,
      measure: async (each) => measuredOf(each, difference(each.seq as number)),
    })
  const same = await run(() => 0)
  expect(same.evidence.decided?.verdict).toBe('non-inferior')
  expect(same.end).toBe('decided')
  // Each tie multiplies the evidence by 1 + ½·0.05 at most: 20 is passed with the 122nd.
  expect(same.measured.length).toBe(Math.ceil(Math.log(20) / Math.log(1 + bet.stake * margin)))
  const worse = await run((index) => (index % 3 === 0 ? -1 : 0))
  expect(worse.evidence.decided?.verdict).toBe('inferior')
})

test('what is counted does not depend on how many are asked at once, or who answers first', async () => {
  const differences = differencesAtMargin('order', cases.length)
  const runs = await Promise.all(
    [1, 7, 64].map((concurrency) => {
      const random = randomFrom(`delay ${concurrency}`)
      return runCases({
        cases,
        concurrency,
        bet,
        weightOf: () => 1,
        async measure(each) {
          for (let turns = Math.floor(random() * 20); turns > 0; turns--) await Promise.resolve()
          return measuredOf(each, differences[each.seq as number] as number)
        },
      })
    }),
  )
  expect(runs[1]).toEqual(runs[0])
  expect(runs[2]).toEqual(runs[0])
})

test('a run whose budget ends keeps the cases before the gap', async () => {
  const run = await runCases({
    cases: cases.slice(0, 50),
    concurrency: 4,
    bet: null,
    weightOf: () => 1,
    measure: async (each) => (each.seq === 20 ? null : measuredOf(each, 0)),
  })
  expect(run.end).toBe('budget')
  expect(run.measured.map((each) => each.case.seq)).toEqual(Array.from({ length: 20 }, (_, i) => i))
})

test('pairs that nobody could compare keep a verdict back when it hangs on them', () => {
  const pairs = Array.from({ length: 200 }, (_, index) => ({
    difference: 0,
    weight: 1,
    cluster: `${index}`,
  }))
  const inputs = { pairs, margin, sequential: null, seed: 'x' }
  expect(verdictOf({ ...inputs, unsettled: 0 }).word).toBe('non-inferior')
  expect(verdictOf({ ...inputs, unsettled: 2 }).word).toBe('non-inferior')
  expect(verdictOf({ ...inputs, unsettled: 20 })).toMatchObject({
    word: 'undecided',
    because: expect.stringContaining('20 pairs could not be compared'),
  })
})
