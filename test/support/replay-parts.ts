import type { GroupDelta, ReplayResult, WorstPair } from '../../src/replay/result.ts'
import { mcNemar } from '../../src/stats/mcnemar.ts'
import { pairedDifference } from '../../src/stats/paired-difference.ts'

/** A part of a sample, by how many pairs the candidate won and lost. */
export function group(name: string, pairs: number, better: number, worse: number): GroupDelta {
  const counts = { both: pairs - better - worse, onlyFirst: better, onlySecond: worse, neither: 0 }
  const { low, high, ...rest } = pairedDifference(counts, 0.95)
  const quality = round((better - worse) / pairs)
  const interval = { low: round(low), high: round(high), ...rest }
  return { name, pairs, better, worse, quality, interval }
}

/** Pairs that the candidate won and lost, by stratum; nothing was asked of the last. */
const counts = [
  [158, 8, 11],
  [84, 5, 7],
  [58, 4, 4],
  [38, 3, 3],
  [28, 2, 2],
  [20, 1, 1],
  [14, 1, 1],
  [8, 0, 1],
  [4, 0, 0],
] as const

/** What was measured of strata of these names, and of all of them. */
export function compared(
  names: readonly string[],
): Pick<ReplayResult, 'delta' | 'strata' | 'byLength' | 'byChange'> {
  const all = group('all', 412, 24, 30)
  return {
    delta: {
      quality: all.quality,
      interval: all.interval,
      qualityOverall: round((all.quality ?? 0) * 0.265019),
      costUsd: -0.004112,
      latencyMs: -412.25,
      pairs: 412,
      discordant: 54,
      designEffect: 1.04,
      mcNemar: differenceTest(24, 30),
    },
    strata: counts.map(([pairs, better, worse], index) =>
      group(names[index] ?? '', pairs, better, worse),
    ),
    byLength: [
      { length: 'short', ...group('short', 282, 17, 20) },
      { length: 'medium', ...group('medium', 108, 6, 8) },
      { length: 'long', ...group('long', 22, 1, 2) },
    ],
    byChange: [
      { change: 'cached', ...group('cached', 228, 14, 17) },
      { change: 'rewritten', ...group('rewritten', 4, 0, 0) },
      { change: 'routed', ...group('routed', 180, 10, 13) },
    ],
  }
}

/** The test of difference of pairs that the candidate won and lost. */
export function differenceTest(better: number, worse: number): ReplayResult['delta']['mcNemar'] {
  const { exactP, midP, chiSquare, chiSquareP } = mcNemar({
    both: 0,
    onlyFirst: better,
    onlySecond: worse,
    neither: 0,
  })
  return {
    exactP: round(exactP),
    midP: round(midP),
    chiSquare: round(chiSquare ?? 0),
    chiSquareP: round(chiSquareP),
  }
}

export const arms: NonNullable<ReplayResult['arms']> = {
  baseline: {
    answers: 419,
    failures: 0,
    costUsd: 2.581104,
    unpriced: 0,
    latencyMs: { p50: 1_212.4, p95: 6_480 },
    firstTokenMs: null,
    score: null,
    outputTokens: 212.25,
  },
  again: {
    answers: 417,
    failures: 2,
    costUsd: 2.604421,
    unpriced: 2,
    latencyMs: { p50: 1_180, p95: 6_204.5 },
    firstTokenMs: { p50: 412, p95: 1_804 },
    score: 0.903226,
    outputTokens: 214.5,
  },
  candidate: {
    answers: 415,
    failures: 4,
    costUsd: 0.851204,
    unpriced: 12,
    latencyMs: { p50: 804.2, p95: 5_912 },
    firstTokenMs: { p50: 301, p95: 1_402 },
    score: 0.888662,
    outputTokens: 240,
  },
}

export const validators: ReplayResult['validators'] = [
  {
    target: 'openai:gpt-4o-mini',
    answers: 206,
    falsePass: rate(1, 41, 0.000617, 0.128553, 0.110668),
    falseFail: rate(1, 165, 0.000153, 0.033315, 0.028416),
  },
  {
    target: 'local:small',
    answers: 320,
    falsePass: rate(0, 120, 0, 0.030273, 0.024653),
    falseFail: rate(12, 200, 0.031394, 0.102453, 0.095372),
  },
]

export const worst: readonly WorstPair[] = [
  {
    id: '#48210',
    question: 'How do I cancel an order that has already shipped to another country?',
    baseline:
      'Shipped orders cannot be cancelled. Refuse the parcel, or send it back within 30 days.',
    candidate: 'Open “My orders”, choose the order and press Cancel.',
    target: 'openai:gpt-4o-mini',
    difference: -1,
    reason: 'similarity 0.41',
  },
  {
    id: '#300112',
    question: '注文した商品がまだ届きません。いつ届きますか',
    baseline: '通常3〜5営業日でお届けします。追跡番号をご確認ください。',
    candidate: '',
    target: null,
    difference: -0.5,
    reason: null,
  },
]

function rate(count: number, of: number, low: number, high: number, upperBound: number) {
  const interval = { low, high, level: 0.95, method: 'clopper-pearson' }
  return { count, of, rate: round(count / of), interval, upperBound }
}

function round(value: number): number {
  return Number(value.toFixed(6))
}
