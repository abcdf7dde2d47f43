import { describe, expect, test } from 'vitest'
import { byCluster } from '../../src/replay/by-cluster.ts'
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
      keep: (measured) => measured,
      clusterOf: ({ cluster }) => cluster,
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
      keep: (measured) => measured,
      clusterOf: ({ cluster }) => cluster,
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
        keep: (measured) => measured,
        clusterOf: ({ cluster }) => cluster,
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
    keep: (measured) => measured,
    clusterOf: ({ cluster }) => cluster,
    measure: async (each) => (each.seq === 20 ? null : measuredOf(each, 0)),
  })
  expect(run.end).toBe('budget')
  const ids = run.measured.map((each) => each.case.id)
  expect(ids).toEqual(Array.from({ length: 20 }, (_, i) => `#${i}`))
})

const pairOf = (difference: number, cluster: string, weight = 1) => ({
  difference,
  weight,
  cluster,
})
const pairsOf = (name: string, count: number, difference: number, weight = 1) =>
  Array.from({ length: count }, (_, index) => pairOf(difference, `${name} ${index}`, weight))

test('pairs that nobody could compare keep a verdict back when it hangs on them', () => {
  const inputs = { pairs: pairsOf('tie', 200, 0), margin, sequential: null, seed: 'x' }
  expect(verdictOf({ ...inputs, unsettled: [] })).toMatchObject({
    word: 'non-inferior',
    because: 'the 90 % interval, −1.3 to 1.3 points, is above the margin',
  })
  expect(verdictOf({ ...inputs, unsettled: pairsOf('lost', 2, -1) }).word).toBe('non-inferior')
  expect(verdictOf({ ...inputs, unsettled: pairsOf('lost', 20, -1) })).toMatchObject({
    word: 'undecided',
    because: expect.stringContaining('20 pairs could not be compared'),
  })
  // Each stands for four requests.
  expect(verdictOf({ ...inputs, unsettled: pairsOf('lost', 2, -1, 4) }).word).toBe('undecided')
})

test('a sequence counts what could not be compared as lost, and goes on until that holds', async () => {
  const run = (share: number) =>
    runCases({
      cases,
      concurrency: 4,
      bet,
      weightOf: () => 1,
      keep: (measured) => measured,
      clusterOf: ({ cluster }) => cluster,
      measure: async (each) => measuredOf(each, (each.seq as number) % share === 1 ? null : 0),
    })
  const some = await run(60)
  expect(some.evidence.decided?.verdict).toBe('non-inferior')
  const verdict = (evidence: typeof some.evidence) =>
    verdictOf({ pairs: [pairOf(0, 'a')], margin, sequential: evidence, unsettled: [], seed: 'x' })
  expect(verdict(some.evidence).word).toBe('non-inferior')
  const many = await run(10)
  expect(many.evidence.decided).toBeNull()
  expect(many.end).toBe('complete')
})

test('a sequence that is not decided says when it would be, after the pairs it had', async () => {
  const { evidence } = await runCases({
    cases: cases.slice(0, 100),
    concurrency: 1,
    bet,
    weightOf: () => 1,
    keep: (measured) => measured,
    clusterOf: ({ cluster }) => cluster,
    measure: async (each) => measuredOf(each, 0),
  })
  const found = verdictOf({
    pairs: pairsOf('tie', 100, 0),
    margin,
    sequential: evidence,
    unsettled: [],
    seed: 'x',
  })
  const wanted = Math.ceil(Math.log(20) / Math.log(1 + bet.stake * margin))
  expect(found).toMatchObject({ word: 'undecided', pairsNeeded: wanted })
})

test('a sample that is not decided needs more pairs than it has, for repeats more', () => {
  const undecided = (pairs: ReturnType<typeof pairsOf>) =>
    verdictOf({ pairs, margin, sequential: null, unsettled: [], seed: 'x' }).pairsNeeded ?? 0
  const single = [...pairsOf('tie', 56, 0), ...pairsOf('won', 2, 1), ...pairsOf('lost', 2, -1)]
  const twice = [...single, ...single]
  expect(undecided(single)).toBeGreaterThan(60)
  expect(undecided(twice)).toBeCloseTo(2 * undecided(single), -1)
})

describe('prompts that come again', () => {
  // 60 prompts, each eight times: the model asked once for each says the same eight times.
  const repeated = Array.from({ length: 480 }, (_, index) =>
    caseOf(index, { cluster: `prompt ${index % 60}` }),
  )
  /** Each prompt is lost with the chance of the margin. */
  const lossesOf = (seed: string) => {
    const random = randomFrom(seed)
    const lost = Array.from({ length: 60 }, () => random() < margin)
    return (index: number) => (lost[index % 60] === true ? -1 : 0)
  }

  test('do not make a sequence err more often', async () => {
    let errors = 0
    for (let run = 0; run < 1_000; run++) {
      const lossOf = lossesOf(`repeat ${run}`)
      const { evidence } = await runCases({
        cases: byCluster(repeated, `${run}`),
        concurrency: 1,
        bet,
        weightOf: () => 1 / 8,
        keep: (measured) => measured,
        clusterOf: ({ cluster }) => cluster,
        measure: async (each) => measuredOf(each, lossOf(each.seq as number)),
      })
      if (evidence.decided?.verdict === 'non-inferior') errors++
    }
    expect(errors).toBeLessThanOrEqual(66)
  })

  test('do not make a whole sample err more often', () => {
    let errors = 0
    for (let run = 0; run < 1_000; run++) {
      const lossOf = lossesOf(`whole ${run}`)
      const pairs = repeated.map(({ cluster }, index) => pairOf(lossOf(index), cluster))
      const { word } = verdictOf({ pairs, margin, sequential: null, unsettled: [], seed: `${run}` })
      if (word === 'non-inferior') errors++
    }
    expect(errors).toBeLessThanOrEqual(66)
  })

  test('stand next to each other, in an order that does not know how often they come', () => {
    const ordered = byCluster(repeated, 'seed')
    expect(new Set(ordered)).toEqual(new Set(repeated))
    for (const [index, each] of ordered.entries()) {
      if (index % 8 > 0) expect(each.cluster).toBe(ordered[index - 1]?.cluster)
    }
    let first = 0
    const uneven = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1].map((name, index) =>
      caseOf(index, { cluster: `${name}` }),
    )
    for (let run = 0; run < 400; run++) {
      if (byCluster(uneven, `${run}`)[0]?.cluster === '0') first++
    }
    // Half of 400, give or take four standard deviations.
    expect(Math.abs(first - 200)).toBeLessThan(40)
    const single = cases.slice(0, 9)
    expect(byCluster(single, 'seed')).toBe(single)
  })
})

test('after an error nobody begins anything more', async () => {
  let asked = 0
  const running = runCases({
    cases,
    concurrency: 4,
    bet: null,
    weightOf: () => 1,
    keep: (measured) => measured,
    clusterOf: ({ cluster }) => cluster,
    async measure(each) {
      asked++
      await Promise.resolve()
      if (each.seq === 0) throw new Error('a bug')
      for (let turns = 20; turns > 0; turns--) await Promise.resolve()
      return measuredOf(each, 0)
    },
  })
  await expect(running).rejects.toThrow('a bug')
  for (let turns = 200; turns > 0; turns--) await Promise.resolve()
  expect(asked).toBe(4)
})

test('answers that are there at once leave timers and signals their turn', async () => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 1)
  const many = Array.from({ length: 300_000 }, () => cases[0] as (typeof cases)[number])
  const { end, measured } = await runCases({
    cases: many,
    concurrency: 8,
    bet: null,
    weightOf: () => 1,
    keep: (measured) => measured,
    clusterOf: ({ cluster }) => cluster,
    measure: async (each) => measuredOf(each, 0),
    signal: controller.signal,
  })
  expect(end).toBe('stopped')
  expect(measured.length).toBeLessThan(many.length)
})
