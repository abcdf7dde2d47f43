import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ReplayResult } from '../../src/replay/result.ts'
import { formatReplay, formatReplayPlan } from '../../src/report/format-replay.ts'
import type { View } from '../../src/report/screen.ts'
import { textWidth } from '../../src/report/text-width.ts'
import { hostileText } from '../support/hostile-text.ts'
import {
  emptyReplayResult,
  judgedReplayResult,
  plannedReplayResult,
  replayResultWithText,
  richReplayResult,
  suiteReplayResult,
} from '../support/replay-result.ts'

const plain: View = { width: 80, color: false, unicode: true }
const print = (result: ReplayResult, view: Partial<View> = {}) =>
  formatReplay(result, 'terminal', { ...plain, ...view })
const firstLine = (result: ReplayResult) => print(result, { width: 120 }).split('\n')[0]

describe('golden reports', () => {
  test.each([
    ['replay-120', richReplayResult, { width: 120 }],
    ['replay-80', richReplayResult, {}],
    ['replay-40-ascii', richReplayResult, { width: 40, unicode: false }],
    ['replay-80-color', richReplayResult, { color: true }],
    ['replay-judged', judgedReplayResult, {}],
    ['replay-suite', suiteReplayResult, {}],
    ['replay-planned', plannedReplayResult, {}],
    ['replay-empty', emptyReplayResult, {}],
  ])('%s', async (name, result, view) => {
    await expect(print(result(), view)).toMatchFileSnapshot(`golden/${name}.txt`)
  })

  test('replay-plan', async () => {
    const { plan } = plannedReplayResult()
    await expect(formatReplayPlan(plan, plain)).toMatchFileSnapshot('golden/replay-plan.txt')
  })
})

describe('no text of a log makes a line too wide, adds a line end or reaches the terminal raw', () => {
  const views = fc.record({
    width: fc.integer({ min: 40, max: 130 }),
    color: fc.boolean(),
    unicode: fc.boolean(),
  })

  test.each([
    ['in a report', judgedReplayResult, print],
    ['in a plan', plannedReplayResult, print],
    [
      'before the run',
      plannedReplayResult,
      ({ plan }: ReplayResult, view: View) => formatReplayPlan(plan, view),
    ],
  ])('%s', (_name, result, printed) => {
    fc.assert(
      fc.property(hostileText(), views, (text, view) => {
        const page = printed(replayResultWithText(text, result()), view)
        for (const line of page.split('\n')) {
          expect(textWidth(line)).toBeLessThanOrEqual(Math.min(120, view.width))
        }
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are taken off, then none may be left.
        const bare = view.color ? page.replace(/\x1b\[\d+m/g, '') : page
        expect(bare).not.toMatch(/(?!\n)[\p{Cc}\p{Cs}]|(?!\u200d)\p{Cf}|[\p{Zl}\p{Zp}]/u)
        if (!view.unicode) expect(bare).toMatch(/^[\x20-\x7e\n]*$/)
      }),
      { numRuns: 60 },
    )
  })
})

test('colour changes nothing but colour', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character.
  const bare = print(judgedReplayResult(), { color: true }).replace(/\x1b\[\d+m/g, '')
  expect(bare.replace(/ +$/gm, '')).toBe(print(judgedReplayResult()))
})

describe('the first line', () => {
  const rich = richReplayResult()

  test.each([
    ['non-inferior', rich, 'non-inferior: the policy loses less than 5 points on changed requests'],
    [
      'inferior',
      suiteReplayResult(),
      'inferior: the policy loses more than 5 points on the questions of the suite',
    ],
    ['undecided', judgedReplayResult(), 'undecided: about 824 pairs would decide'],
    [
      'undecided without a number',
      { ...judgedReplayResult(), pairsNeeded: null, verdictBecause: 'no pair could be compared' },
      'undecided: no pair could be compared',
    ],
    [
      'planned',
      plannedReplayResult(),
      'planned: 493 of 108,224 changed requests would be asked again',
    ],
    ['without requests', emptyReplayResult(), 'nothing to measure: no requests'],
    [
      'without a change',
      { ...rich, plan: { ...rich.plan, affected: 0, withoutText: 0 } },
      'nothing to measure: the policy changes none of 412,906 requests',
    ],
    [
      'without text',
      { ...rich, plan: { ...rich.plan, affected: 0 } },
      'nothing to measure: 1,204 changed requests without text',
    ],
  ])('%s', (_name, result, line) => {
    expect(firstLine(result)).toBe(line)
  })

  test.each([
    [0.05, '5 points'],
    [0.01, '1 point'],
    [0.025, '2.5 points'],
    [0.0014, '0.14 points'],
  ])('a margin of %s is %s', (margin, points) => {
    expect(firstLine({ ...rich, plan: { ...rich.plan, margin } })).toContain(
      `less than ${points} on`,
    )
  })
})

describe('the line of the difference', () => {
  const lines = (result: ReplayResult, view: Partial<View> = {}) => {
    const all = print(result, view).split('\n')
    const index = all.findIndex((line) => line.startsWith('  worse '))
    return { plot: all[index] ?? '', marks: all.slice(index + 1, index + 3).join('\n') }
  }

  test('lies in proportion: margin, zero, estimate and both ends', () => {
    const { plot } = lines(richReplayResult(), { width: 120 })
    const { delta, plan } = richReplayResult()
    const at = (sign: string) => plot.indexOf(sign)
    const perColumn = plan.margin / (at('│') - at('┊'))
    const valueAt = (sign: string) => (at(sign) - at('│')) * perColumn
    expect(Math.abs(valueAt('●') - (delta.quality ?? 0))).toBeLessThan(1.1 * perColumn)
    expect(Math.abs(valueAt('├') - (delta.interval?.low ?? 0))).toBeLessThan(1.1 * perColumn)
    expect(Math.abs(valueAt('┤') - (delta.interval?.high ?? 0))).toBeLessThan(1.1 * perColumn)
  })

  test.each([
    ['side by side', richReplayResult()],
    ['near each other', suiteReplayResult()],
  ])('names margin and zero under their signs, %s', (_name, result) => {
    const { plot, marks } = lines(result)
    const columns = marks
      .split('\n')
      .flatMap((line) => [...line].flatMap((sign, column) => (sign === '▲' ? [column] : [])))
    expect(columns).toEqual([plot.indexOf('┊'), plot.indexOf('│')])
    expect(marks).toContain('margin -5 points')
  })

  test('is left out where nothing was compared', () => {
    const rich = richReplayResult()
    const delta = { ...rich.delta, quality: null, interval: null, pairs: 0 }
    expect(print({ ...rich, delta })).not.toContain('  worse ·')
    expect(print({ ...rich, delta })).toContain('unmeasured: no pair of answers')
  })
})

test('every rate stands beside what it is a share of', () => {
  const printed = print(richReplayResult(), { width: 120 })
  expect(printed).toContain('54 of 412 pairs differ (13%)')
  expect(printed).toContain('41 of 206 whose answer was validated went up the ladder (20%)')
  expect(printed).toContain('agrees with itself in 90% of 412 pairs')
  expect(printed).toContain('5 of 419 pairs without an answer')
  expect(printed).toContain('415 of 419')
})

test('what a judge or similarity says is called an estimate, what a suite expects is not', () => {
  expect(print(richReplayResult())).toContain('estimated -1.5 points')
  expect(print(suiteReplayResult())).not.toContain('estimated')
})

test('a validator may be promoted when it is sure to pass fewer than 3 % of the wrong answers', () => {
  const [unsure, sure] = richReplayResult().validators
  if (unsure === undefined || sure === undefined) throw new Error('two validators are needed')
  expect(unsure.falsePass.rate).toBeLessThan(0.03)
  const rows = print(richReplayResult())
  expect(rows).toMatch(/openai:gpt-4o.* 1 of 41 \(2\.4%\) +11% .* not yet$/m)
  expect(rows).toMatch(/local:small +0 of 120 \(0%\) +2\.5% .* yes$/m)
})

describe('the judge', () => {
  const refusal = 'no verdict by this judge alone'

  test('is refused where it may know nothing', () => {
    expect(print(judgedReplayResult()).split('\n\n')[0]).toContain(refusal)
  })

  test('is not where it is shown to know something', () => {
    const judged = judgedReplayResult()
    const informativenessInterval = { low: 0.01, high: 0.3, level: 0.95, method: 'score' }
    const judge = judged.judge && { ...judged.judge, informativenessInterval }
    expect(print({ ...judged, judge })).not.toContain(refusal)
  })

  test('that nobody was held to is unmeasured, and how to label is said', () => {
    const judged = judgedReplayResult()
    const judge = judged.judge && { ...judged.judge, labelled: 0, informativenessInterval: null }
    const printed = print({ ...judged, judge })
    expect(printed).toMatch(/people +unmeasured: no labels of people/)
    expect(printed).toContain('the same command and --write-pairs pairs.csv')
  })
})

describe('the commands to go on with', () => {
  const further = (result: ReplayResult) => {
    const printed = print(result, { width: 120 })
    return printed.slice(printed.indexOf('Go on with '))
  }

  test('a plan is asked with --yes', () => {
    expect(further(plannedReplayResult())).toBe('Go on with the same command and --yes\n')
  })

  test('an open verdict needs the pairs, or the budget, that would decide', () => {
    expect(further(judgedReplayResult())).toContain('--sample 824')
    expect(further(judgedReplayResult())).toContain('a larger --budget')
    expect(further({ ...judgedReplayResult(), end: 'stopped' })).toContain('--resume')
  })

  test('a pair of the log is explained by its number, one of a suite is not', () => {
    expect(further(richReplayResult())).toContain('llmcost explain seq:48210')
    expect(further(suiteReplayResult())).not.toContain('explain')
  })
})

test('calls to models without a price are in no figure, and said to be', () => {
  const { plan } = plannedReplayResult()
  const printed = formatReplayPlan({ ...plan, priceUsd: null }, plain)
  expect(printed).toContain('unknown: no target has a price')
  expect(printed).toContain('without a price, and in no figure: local:small')
  expect(printed).toContain('812 calls to be made   174 more answered by what is stored')
})
