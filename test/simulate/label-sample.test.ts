import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flag } from '../../src/domain/row.ts'
import type { StoredVerdict, VerdictLookup } from '../../src/domain/stored-verdict.ts'
import { type CacheRun, served } from '../../src/simulate/cache-run.ts'
import { certifyPointOf, certifyThreshold } from '../../src/simulate/certify-threshold.ts'
import { openJudge } from '../../src/simulate/judge-hits.ts'
import { drawnPairs, exploratoryPairs } from '../../src/simulate/label-pairs.ts'
import { type LabelSample, openLabelSample } from '../../src/simulate/label-sample.ts'
import { labelStatus } from '../../src/simulate/label-status.ts'
import { openStated } from '../../src/simulate/stated-verdicts.ts'
import { labelNumber } from '../../src/stats/label-sample.ts'
import type { History } from '../../src/worlds/history.ts'
import { historyOf } from '../support/history.ts'

/** A history of requests with ids and answers of their own; a label by place where one is given. */
function answered(count: number, label: (place: number) => number = () => -1): History {
  const history = historyOf(
    Array.from({ length: count }, (_, place) => ({
      at: place,
      question: place,
      label: label(place),
    })),
  )
  return {
    ...history,
    lookup: {
      ...history.lookup,
      textOf: (seq) => `id-${seq}`,
      answerOf: (seq) => ({
        hash: `answer ${seq}`,
        parent: '',
        role: 'assistant',
        content: texts.get(seq) ?? `The answer number ${seq}.`,
        isJson: false,
      }),
    },
  }
}
const texts = new Map<number, string>()

/** A run in which the second half is served by the first, place by place, as far as `isHit`. */
function halvesRun(
  count: number,
  isHit: (place: number) => boolean = () => true,
  threshold = 0.9,
): CacheRun {
  const half = Math.floor(count / 2)
  const by = new Uint8Array(count)
  const owner = new Int32Array(count).fill(-1)
  const similarity = new Float64Array(count).fill(Number.NaN)
  for (let place = half; place < count; place++) {
    if (!isHit(place)) continue
    by[place] = served.semantic
    owner[place] = place - half
    similarity[place] = threshold + (place % 7) / 100
  }
  const hits = by.filter((each) => each === served.semantic).length
  return {
    threshold,
    by,
    owner,
    similarity,
    entryBorn: new Float64Array(count),
    guard: new Uint8Array(count),
    exactHits: 0,
    semanticHits: hits,
    coalesced: 0,
  }
}

type Said = Pick<StoredVerdict, 'verdict'> & Partial<StoredVerdict>

/** Verdicts by the place of the request, on the pair that `halvesRun` serves. */
const verdictsOf = (count: number, said: ReadonlyMap<number, Said>): VerdictLookup => ({
  isEmpty: said.size === 0,
  lookup(servedHash, ownHash) {
    const place = Number(ownHash.split(' ')[1])
    const found = said.get(place)
    const isPair = servedHash === `answer ${place - Math.floor(count / 2)}`
    return found === undefined || !isPair
      ? null
      : { servedHash, ownHash, kind: 'human', by: 'me', exploratory: false, ...found }
  },
})

const openAll = (history: History, verdicts: VerdictLookup | null) => {
  const stated = openStated(history, verdicts)
  return { stated, sample: openLabelSample(history, stated) }
}

const laterOf = (later: LabelSample) => ({ later, random: later })

const order = (count: number) =>
  Array.from({ length: count - Math.floor(count / 2) }, (_, at) => at + Math.floor(count / 2)).sort(
    (a, b) => labelNumber('certify', `id-${a}`) - labelNumber('certify', `id-${b}`),
  )
const right = { verdict: 'right' } as const
const limit = { alpha: 0.05, delta: 0.05 }

describe('the sample that certifies', () => {
  it('draws the hits of the second half by the permanent numbers of their requests', () => {
    const { sample } = openAll(answered(101), null)
    const drawn = (run: CacheRun) => sample.drawnOf(run).map(({ place }) => place)
    expect(drawn(halvesRun(101))).toEqual(order(101))
    const isOdd = (place: number) => place % 2 === 1
    expect(drawn(halvesRun(101, isOdd))).toEqual(order(101).filter(isOdd))
  })

  it('counts drawn labels up to the first hit that no one was asked about', () => {
    const labelled = fc.uniqueArray(fc.integer({ min: 20, max: 39 }))
    fc.assert(
      fc.property(labelled, fc.func(fc.boolean()), (places, isRight) => {
        const said = new Map(
          places.map((place) => [place, { verdict: isRight(place) ? 'right' : 'wrong' } as const]),
        )
        const { sample } = openAll(answered(40), verdictsOf(40, said))
        const counted = sample.countedOf(halvesRun(40)).map(({ place }) => place)
        const expected: number[] = []
        for (const place of order(40)) {
          if (!said.has(place)) break
          expected.push(place)
        }
        expect(counted).toEqual(expected)
      }),
    )
  })

  it('counts neither what was picked nor what a judge says', () => {
    for (const other of [{ exploratory: true }, { kind: 'judge' as const }]) {
      const said = new Map(order(200).map((place) => [place, { ...right, ...other }]))
      const { sample } = openAll(answered(200), verdictsOf(200, said))
      expect(sample.countedOf(halvesRun(200))).toEqual([])
    }
  })

  it.each([
    [
      'without an answer to compare',
      (history: History, place: number) => {
        history.answer[place] = -1
      },
    ],
    [
      'that a cache had answered',
      (history: History, place: number) => {
        history.columns.flags[place] = flag.servedFromCache
      },
    ],
  ])('takes hits %s for unsettled, and asks nobody about them', (_, change) => {
    const history = answered(40)
    const [first = 0, second = 0] = order(40)
    change(history, first)
    const { sample } = openAll(history, verdictsOf(40, new Map([[second, right]])))
    expect(sample.drawnOf(halvesRun(40))).toHaveLength(19)
    expect(sample.unansweredOf(halvesRun(40))).toBe(1)
    expect(
      sample.countedOf(halvesRun(40)).map(({ place, judgement }) => [place, judgement.verdict]),
    ).toEqual([
      [first, 'unsettled'],
      [second, 'right'],
    ])
    const nothingSaid = openAll(history, null).sample
    expect(nothingSaid.countedOf(halvesRun(40))).toEqual([])
  })

  it('counts labels of the log only up to the first drawn hit that it does not label', () => {
    const labels = fc.array(fc.boolean(), { minLength: 20, maxLength: 20 })
    fc.assert(
      fc.property(labels, (isLabelled) => {
        const { sample } = openAll(
          answered(40, (place) => (isLabelled[place % 20] ? 0 : -1)),
          null,
        )
        const drawn = order(40)
        const open = drawn.findIndex((place) => !isLabelled[place % 20])
        const counted = sample.countedOf(halvesRun(40)).map(({ place }) => place)
        const expected = open === -1 ? drawn : drawn.slice(0, open)
        expect([...counted].sort()).toEqual([...expected].sort())
      }),
    )
  })

  it('goes on behind a gap of the log where a person settles it', () => {
    const drawn = order(40)
    const gap = drawn[3] ?? 0
    const history = answered(40, (place) => (place % 20 === gap % 20 ? -1 : 0))
    expect(openAll(history, null).sample.countedOf(halvesRun(40))).toHaveLength(3)
    const { sample } = openAll(history, verdictsOf(40, new Map([[gap, right]])))
    expect(sample.countedOf(halvesRun(40))).toHaveLength(20)
  })
})

/** Of two thresholds the lower one saves more. */
const certifiedOf = (runs: readonly CacheRun[], sample: LabelSample) =>
  certifyThreshold(
    runs.map((run) => certifyPointOf(run, laterOf(sample), -run.threshold)),
    limit,
  )

describe('certifying by what people said', () => {
  const count = 400
  const all = (verdict: (place: number, index: number) => Said['verdict']) =>
    new Map(order(count).map((place, index) => [place, { verdict: verdict(place, index) }]))
  const certifiedBy = (said: ReadonlyMap<number, Said>, runs = [halvesRun(count)]) => {
    const { sample } = openAll(answered(count), verdictsOf(count, said))
    return certifiedOf(runs, sample)
  }

  it('takes 200 right labels for a limit of 5 %, and too many wrong ones for none', () => {
    expect(certifiedBy(new Map())).toMatchObject({ threshold: null, labels: 0, labelsNeeded: 177 })
    expect(certifiedBy(all(() => 'right'))).toMatchObject({
      threshold: 0.9,
      labels: 200,
      errors: 0,
    })
    expect(certifiedBy(all((_, at) => (at < 12 ? 'wrong' : 'right')))).toMatchObject({
      threshold: null,
    })
  })

  it('takes a hit of which nobody could tell for wrong', () => {
    const status = (said: ReadonlyMap<number, Said>) => {
      const { sample } = openAll(answered(count), verdictsOf(count, said))
      return labelStatus(halvesRun(count), sample, limit)
    }
    expect(status(all((_, at) => (at === 0 ? 'unsettled' : 'right')))).toMatchObject({
      hits: 200,
      labels: 200,
      wrong: 1,
      isCertified: true,
    })
    expect(status(all(() => 'unsettled'))).toMatchObject({ wrong: 200, isCertified: false })
    expect(status(new Map())).toMatchObject({ needed: { kind: 'number', more: 177 } })
  })

  it('certifies nothing where the log labels the right half of the hits alone', () => {
    const history = answered(800, (place) => (place % 2 === 0 ? 0 : -1))
    const { sample } = openAll(history, null)
    const certified = certifiedOf([halvesRun(800)], sample)
    expect(certified.threshold).toBeNull()
    expect(certified.labels).toBeLessThan(20)
  })

  it('does not take the labels of a high threshold for those of a low one', () => {
    // Every hit of the high threshold is right and labelled; the low one has as many more, and they are wrong.
    const isHigh = (place: number) => place % 2 === 0
    const runs = [halvesRun(800, isHigh, 0.95), halvesRun(800, () => true, 0.85)]
    const said = new Map(
      order(800)
        .filter(isHigh)
        .map((place) => [place, right]),
    )
    const { sample } = openAll(answered(800), verdictsOf(800, said))
    const certified = certifiedOf(runs, sample)
    expect(certified).toMatchObject({ threshold: 0.95, labels: 200 })
    expect(sample.countedOf(runs[1] as CacheRun).length).toBeLessThan(40)
  })
})

describe('the pairs that are asked about', () => {
  it('are the drawn ones that nobody settled, those that somebody skipped last', () => {
    const [first = 0, second = 0, third = 0, ...rest] = order(40)
    const said = new Map<number, Said>([
      [first, { verdict: 'unsettled' }],
      [second, right],
      [third, { verdict: 'wrong', exploratory: true }],
    ])
    const history = answered(40)
    const { stated, sample } = openAll(history, verdictsOf(40, said))
    const pairs = drawnPairs(history, halvesRun(40), sample, stated)
    expect(pairs.map(({ place }) => place)).toEqual([third, ...rest, first])
    expect(pairs[0]).toMatchObject({
      servedHash: `answer ${third - 20}`,
      ownHash: `answer ${third}`,
      request: third,
      servedBy: third - 20,
      exploratory: false,
    })
  })

  it('are, to explore, the unsettled ones nearest to the threshold, each pair once', () => {
    const history = answered(8)
    for (const [place, text] of [
      [0, 'One.'],
      [4, 'One.'],
      [1, 'It costs $5.'],
      [5, 'It costs $7.'],
      [2, 'Press the button.'],
      [6, 'Open the menu.'],
    ] as const)
      texts.set(place, text)
    const { stated } = openAll(history, verdictsOf(8, new Map([[7, right]])))
    const judge = openJudge(history, undefined, stated)
    const pairs = exploratoryPairs(history, halvesRun(8), judge)
    texts.clear()
    // 4 is settled by its text, 7 by a person; 6 is unsettled; 5 is told by a number, which is an estimate.
    expect(pairs.map(({ place }) => place)).toEqual([6, 5])
    expect(pairs.every(({ exploratory }) => exploratory)).toBe(true)
  })
})

describe('the judge', () => {
  it('asks what was said before it compares answers, and labels of the log before either', () => {
    const history = answered(8, (place) => (place % 4 === 0 ? place : -1))
    texts.set(1, 'Yes.').set(5, 'Yes.').set(2, 'Yes.').set(6, 'Yes.')
    const said = new Map<number, Said>([
      [4, right],
      [5, { verdict: 'wrong', exploratory: true }],
      [7, { verdict: 'right', kind: 'judge' }],
    ])
    const { judge } = openJudge(history, undefined, openAll(history, verdictsOf(8, said)).stated)
    const verdicts = [4, 5, 6, 7].map((place) => judge(place, place - 4))
    texts.clear()
    expect(verdicts).toEqual([
      { verdict: 'wrong', rung: 'label' },
      { verdict: 'wrong', rung: 'human', exploratory: true },
      { verdict: 'right', rung: 'identical' },
      { verdict: 'right', rung: 'judge' },
    ])
  })
})
