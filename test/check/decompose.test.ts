import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CellSums, noCosts } from '../../src/check/cost-cells.ts'
import { type Decomposition, decompose } from '../../src/check/decompose.ts'
import type { DiffRow, Effects } from '../../src/check/diff-result.ts'
import type { SnapshotCell } from '../../src/check/snapshot.ts'

const classes = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
] as const

/** A request as a log might have it. */
type Call = {
  readonly model: string
  readonly feature: string
  readonly pricing: SnapshotCell['pricing']
  readonly failed: boolean
  readonly tokens: readonly number[]
  readonly fees: number
}

/** Nano-dollars a token. */
type Prices = Readonly<Record<string, readonly number[]>>

const cellsOf = (calls: readonly Call[], prices: Prices): readonly SnapshotCell[] => {
  const sums = new CellSums()
  for (const { model, feature, pricing, failed, tokens, fees } of calls) {
    const name = { provider: 'p', model, feature, terms: {}, band: null, pricing, failed }
    const costs = tokens.map((count, index) => count * (prices[model]?.[index] ?? 0))
    const whole = costs.reduce((sum, cost) => sum + cost, 0)
    const byClass = Object.fromEntries(classes.map((each, index) => [each, costs[index] ?? 0]))
    const usage = Object.fromEntries(classes.map((each, index) => [each, tokens[index] ?? 0]))
    const cost =
      pricing === 'tokens'
        ? { ...noCosts, ...byClass, fees }
        : { ...noCosts, whole: pricing === 'whole' ? whole : 0, fees }
    sums.add(name, usage as never, cost)
  }
  return sums.cells()
}

const nano = (usd: number) => BigInt(Math.round(usd * 1e9))
const sumOf = (parts: object) =>
  Object.values(parts as Record<string, number>).reduce((sum, usd) => sum + nano(usd), 0n)

/** Of raw cells, without anything of the code under test. */
const costOf = (cells: readonly SnapshotCell[]) =>
  cells.reduce((sum, cell) => sum + sumOfCosts(cell), 0n)
const sumOfCosts = ({ costNanoUsd }: SnapshotCell) =>
  Object.values(costNanoUsd).reduce((sum, cost) => sum + BigInt(cost), 0n)

const call: fc.Arbitrary<Call> = fc.record({
  model: fc.constantFrom('a', 'a', 'b', 'c'),
  feature: fc.constantFrom('x', 'x', 'y'),
  pricing: fc.constantFrom<Call['pricing']>(
    'tokens',
    'tokens',
    'tokens',
    'whole',
    'unpriced',
    'cache',
  ),
  failed: fc.constantFrom(false, false, false, true),
  tokens: fc.tuple(...classes.map(() => fc.oneof(fc.constant(0), fc.nat(5000)))),
  fees: fc.oneof(fc.constant(0), fc.nat(1_000_000)),
})
const prices = fc.record({
  a: fc.array(fc.nat(20_000), { minLength: 5, maxLength: 5 }),
  b: fc.array(fc.nat(20_000), { minLength: 5, maxLength: 5 }),
  c: fc.constant([0, 0, 0, 0, 0]),
})
const side = fc.tuple(fc.array(call, { maxLength: 30 }), prices)

const addsUp = ({ differenceUsd, effects, fromUsd, toUsd }: DiffRow) => {
  expect(sumOf(effects)).toBe(nano(differenceUsd))
  expect(nano(toUsd) - nano(fromUsd)).toBe(nano(differenceUsd))
}

describe('the causes of a change', () => {
  it('add up to the nano-dollar, on every line and over all lines', () => {
    fc.assert(
      fc.property(side, side, (before, after) => {
        const [from, to] = [cellsOf(...before), cellsOf(...after)]
        const found = decompose(from, to)
        expect(nano(found.fromUsd)).toBe(costOf(from))
        expect(nano(found.toUsd)).toBe(costOf(to))
        expect(sumOf(found.effects)).toBe(costOf(to) - costOf(from))
        expect(sumOf(found.other)).toBe(nano(found.effects.other))
        for (const rows of [found.models, found.features, found.cells] as const) {
          for (const row of rows) addsUp(row)
          for (const name of Object.keys(found.effects) as (keyof Effects)[]) {
            const sum = rows.reduce((total, row) => total + nano(row.effects[name]), 0n)
            expect(sum).toBe(nano(found.effects[name]))
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('of the way back are the same with the other sign, but for the last nano-dollar of a cell', () => {
    fc.assert(
      fc.property(side, side, (before, after) => {
        const [from, to] = [cellsOf(...before), cellsOf(...after)]
        const [there, back] = [decompose(from, to), decompose(to, from)]
        for (const name of [
          'price',
          'volume',
          'mix',
          'tokensPerRequest',
          'cache',
          'retries',
        ] as const) {
          const sum = nano(there.effects[name]) + nano(back.effects[name])
          expect(Number(sum < 0n ? -sum : sum)).toBeLessThanOrEqual(there.cells.length)
        }
      }),
    )
  })

  it('are none between a log and itself', () => {
    fc.assert(
      fc.property(side, (log) => {
        const { effects, other } = decompose(cellsOf(...log), cellsOf(...log))
        expect([...Object.values(effects), ...Object.values(other)].every((usd) => usd === 0)).toBe(
          true,
        )
      }),
    )
  })

  it('agree with the mean over all orders in which six knobs of two logs are turned', () => {
    const log = fc.record({
      counts: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
      calls: fc.tuple(knobs(), knobs()),
    })
    fc.assert(
      fc.property(log, log, (from, to) => {
        const expected = byOrders(from, to)
        const { effects } = decompose(knobCells(from), knobCells(to))
        for (const [name, usd] of Object.entries(expected))
          expect(Math.abs(effects[name as keyof Effects] - usd)).toBeLessThan(5e-9)
      }),
      { numRuns: 40 },
    )
  })
})

/** A cell in the quantities that the causes are named after. */
const knobs = () =>
  fc.record({
    input: fc.integer({ min: 1, max: 4 }),
    output: fc.integer({ min: 1, max: 900 }),
    readShare: fc.constantFrom(0.25, 0.5, 0.75),
    served: fc.constantFrom(0, 0.5),
    failedShare: fc.constantFrom(0, 0.25, 1),
    prices: fc.tuple(
      fc.integer({ min: 100, max: 2000 }).map((price) => 4 * price),
      fc.integer({ min: 10, max: 200 }).map((price) => 4 * price),
      fc.integer({ min: 100, max: 2000 }).map((price) => 4 * price),
    ),
  })
type Knobs = ReturnType<typeof knobs> extends fc.Arbitrary<infer T> ? T : never
type Log = { readonly counts: readonly [number, number]; readonly calls: readonly [Knobs, Knobs] }

/** Requests come in fours, so that shares are whole numbers. */
const unit = 4
const knobCells = ({ counts, calls }: Log): readonly SnapshotCell[] =>
  calls.flatMap((each, index) => {
    const answered = (counts[index] ?? 0) * unit
    const served = answered * each.served
    const paid = answered - served
    const input = paid * each.input * 400
    const read = input * each.readShare
    const output = paid * each.output
    // Nano-dollars a token come in fours too.
    const cost = {
      ...noCosts,
      inputTokens: (input - read) * each.prices[0],
      cacheReadTokens: read * each.prices[1],
      outputTokens: output * each.prices[2],
    }
    const name = { provider: null, model: `m${index}`, feature: null, terms: {}, band: null }
    const none = {
      inputTokens: 0,
      cacheReadTokens: 0,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 0,
    }
    const all = cost.inputTokens + cost.cacheReadTokens + cost.outputTokens
    return [
      {
        ...name,
        pricing: 'tokens',
        failed: false,
        requests: paid,
        ...none,
        inputTokens: input - read,
        cacheReadTokens: read,
        outputTokens: output,
        costNanoUsd: cost,
      },
      { ...name, pricing: 'cache', failed: false, requests: served, ...none, costNanoUsd: noCosts },
      {
        ...name,
        pricing: 'tokens',
        failed: true,
        requests: 1,
        ...none,
        costNanoUsd: { ...noCosts, whole: all * each.failedShare },
      },
    ] as const satisfies readonly SnapshotCell[]
  })

const turns = ['price', 'volume', 'mix', 'tokensPerRequest', 'cache', 'retries'] as const

/** Dollars of a log whose knobs stand as one side or the other has them. */
function dollars(from: Log, to: Log, turned: ReadonlySet<string>): number {
  const log = (knob: (typeof turns)[number]) => (turned.has(knob) ? to : from)
  const total = ({ counts: [a, b] }: Log) => (a + b) * unit
  return (
    [0, 1].reduce((sum, index) => {
      const knob = (name: (typeof turns)[number]) => log(name).calls[index] as Knobs
      const share = ((log('mix').counts[index] ?? 0) * unit) / total(log('mix'))
      const paid = total(log('volume')) * share * (1 - knob('cache').served)
      const [input, read, output] = knob('price').prices
      const { readShare } = knob('cache')
      const tokens = knob('tokensPerRequest')
      const inputCost = tokens.input * 400 * ((1 - readShare) * input + readShare * read)
      const perCall = inputCost + tokens.output * output
      return sum + paid * perCall * (1 + knob('retries').failedShare)
    }, 0) / 1e9
  )
}

function byOrders(from: Log, to: Log): Record<(typeof turns)[number], number> {
  const sums = Object.fromEntries(turns.map((name) => [name, 0])) as Record<
    (typeof turns)[number],
    number
  >
  let orders = 0
  const visit = (
    left: readonly (typeof turns)[number][],
    order: readonly (typeof turns)[number][],
  ) => {
    if (left.length > 0) {
      for (const name of left)
        visit(
          left.filter((each) => each !== name),
          [...order, name],
        )
      return
    }
    orders++
    const turned = new Set<string>()
    let before = dollars(from, to, turned)
    for (const name of order) {
      turned.add(name)
      const after = dollars(from, to, turned)
      sums[name] += after - before
      before = after
    }
  }
  visit(turns, [])
  for (const name of turns) sums[name] /= orders
  return sums
}

const cell = (more: Partial<SnapshotCell>): SnapshotCell => ({
  provider: 'openai',
  model: 'gpt-4o',
  feature: null,
  terms: {},
  band: null,
  pricing: 'tokens',
  failed: false,
  requests: 10,
  inputTokens: 10_000,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens: 1000,
  costNanoUsd: { ...noCosts, inputTokens: 25_000_000, outputTokens: 10_000_000 },
  ...more,
})

/** The causes that are any. */
const causes = ({ effects, other }: Decomposition) => ({
  ...Object.fromEntries(
    Object.entries(effects).filter(([name, usd]) => name !== 'other' && usd !== 0),
  ),
  ...Object.fromEntries(Object.entries(other).filter(([, usd]) => usd !== 0)),
})

describe('a single cause is named', () => {
  const before = [cell({})]

  it.each<[string, readonly SnapshotCell[], object]>([
    [
      'twice the requests',
      [
        cell({
          requests: 20,
          inputTokens: 20_000,
          outputTokens: 2000,
          costNanoUsd: { ...noCosts, inputTokens: 50_000_000, outputTokens: 20_000_000 },
        }),
      ],
      { volume: 0.035 },
    ],
    [
      'half the price',
      [cell({ costNanoUsd: { ...noCosts, inputTokens: 12_500_000, outputTokens: 5_000_000 } })],
      { price: -0.0175 },
    ],
    [
      'a longer prompt',
      [
        cell({
          inputTokens: 12_000,
          costNanoUsd: { ...noCosts, inputTokens: 30_000_000, outputTokens: 10_000_000 },
        }),
      ],
      { tokensPerRequest: 0.005 },
    ],
    [
      'half of the input out of a prompt cache, at half its price',
      [
        cell({
          inputTokens: 5000,
          cacheReadTokens: 5000,
          costNanoUsd: {
            ...noCosts,
            inputTokens: 12_500_000,
            cacheReadTokens: 6_250_000,
            outputTokens: 10_000_000,
          },
        }),
      ],
      { cache: -0.00625 },
    ],
    [
      'every request answered by a response cache',
      [cell({ pricing: 'cache', costNanoUsd: noCosts })],
      { cache: -0.035 },
    ],
    [
      'attempts that failed',
      [
        cell({}),
        cell({ failed: true, requests: 2, costNanoUsd: { ...noCosts, inputTokens: 5_000_000 } }),
      ],
      { retries: 0.005 },
    ],
    [
      'a price that nobody knows any more',
      [cell({ pricing: 'unpriced', costNanoUsd: noCosts })],
      { unpriced: -0.035 },
    ],
    [
      'another model in its place',
      [
        cell({
          model: 'gpt-4o-mini',
          costNanoUsd: { ...noCosts, inputTokens: 1_500_000, outputTokens: 600_000 },
        }),
      ],
      { goneCells: -0.035, newCells: 0.0021 },
    ],
    [
      'fees of tools',
      [
        cell({
          costNanoUsd: {
            ...noCosts,
            inputTokens: 25_000_000,
            outputTokens: 10_000_000,
            fees: 10_000_000,
          },
        }),
      ],
      { fees: 0.01 },
    ],
    ['nothing', before, {}],
  ])('%s', (_, after, expected) => {
    expect(causes(decompose(before, after))).toEqual(expected)
  })

  it('of calls without token counts only the number tells', () => {
    const logged = { ...noCosts, whole: 35_000_000 }
    const untold = { pricing: 'whole', inputTokens: 0, outputTokens: 0 } as const
    const from = [cell({ ...untold, costNanoUsd: logged })]
    const dearer = [cell({ ...untold, costNanoUsd: { ...logged, whole: 45_000_000 } })]
    expect(causes(decompose(from, dearer))).toEqual({ unknown: 0.01 })
    const more = [cell({ ...untold, requests: 20, costNanoUsd: { ...logged, whole: 70_000_000 } })]
    expect(causes(decompose(from, more))).toEqual({ volume: 0.035 })
  })

  it('of costs as logged the price is that of all tokens alike', () => {
    const from = [cell({ pricing: 'whole', costNanoUsd: { ...noCosts, whole: 33_000_000 } })]
    const to = [
      cell({
        pricing: 'whole',
        inputTokens: 20_000,
        outputTokens: 2000,
        costNanoUsd: { ...noCosts, whole: 66_000_000 },
      }),
    ]
    expect(causes(decompose(from, to))).toEqual({ tokensPerRequest: 0.033 })
  })

  it('from nothing on, everything is new', () => {
    expect(causes(decompose([], [cell({})]))).toEqual({ newCells: 0.035 })
    expect(causes(decompose([cell({})], []))).toEqual({ goneCells: -0.035 })
  })
})
