import type { ServedPair, SimulateResult, SweepPoint } from '../../src/simulate/result.ts'

export const layers: SimulateResult['layers'] = {
  exact: {
    on: true,
    ttlSeconds: 86_400,
    cacheable: 398_220,
    hits: 41_204,
    hitRate: 0.103471,
    entries: 312_011,
    savingUsd: 641.204,
  },
  coalesced: { requests: 312, savingUsd: 4.811 },
  semantic: {
    on: true,
    ttlSeconds: 86_400,
    cacheable: 240_118,
    hits: 60_112,
    hitRate: 0.250344,
    wrongHits: { low: 1_262, high: 2_044 },
    wrongPerHit: { low: 0.020994, high: 0.034003 },
    wrongPerHitInterval: {
      low: 0.0181,
      high: 0.0394,
      level: 0.95,
      method: 'bootstrap over entries',
    },
    wrongPerRequest: { low: 0.003056, high: 0.00495 },
    judged: 59_330,
    labelled: 1_204,
    rungs: { identical: 21_204, normalised: 8_112, guard: 640, similarity: 28_170, human: 1_204 },
    estimated: true,
    noiseFloor: {
      repeats: 41_204,
      differing: { low: 453, high: 577 },
      rate: { low: 0.011, high: 0.014 },
    },
    threshold: 0.92,
    ruleThresholds: [0.97],
    insert: 'on-miss',
    embedder: 'static',
    guards: [
      { guard: 'numbers', caught: 812 },
      { guard: 'names', caught: 240 },
      { guard: 'negation', caught: 51 },
      { guard: 'order', caught: 0 },
    ],
    recall: { looked: 2_995, found: 2_995, lowerBound: 0.999 },
    embeddingUsd: 0,
    savingUsd: 1_310.402,
    drift: { first: 0.0204, second: 0.0471, z: 2.31, drifted: true },
  },
  prefix: {
    mode: 'as-logged',
    inputTokens: 1_204_112_008,
    readTokens: 310_204_112,
    writtenTokens: 41_002_113,
    readShare: 0.257621,
    costUsd: 3_204.11,
    uncachedCostUsd: 4_021.9,
    loggedReadTokens: 310_204_112,
    modelledReadTokens: 301_118_400,
    ifUsedSavingUsd: 912.4,
    savingUsd: -48.9,
    pool: { blocks: 100_000, readBlocks: 4_010_222, hitBlocks: 2_604_118 },
  },
  routing: {
    on: true,
    routes: [
      { route: 'simple', requests: 48_112, target: 'openai:gpt-4o-mini', costUsd: 118.402 },
      {
        route: 'default',
        requests: 263_166,
        target: 'the model that was asked for',
        costUsd: 10_476.005,
      },
    ],
    escalations: 1_204,
    savingUsd: 1_702.114,
    assumptions: ['tokens count alike on both models: nothing was measured'],
    sensitivity: { lowUsd: 1_590.2, highUsd: 1_811.9 },
    presets: [
      {
        preset: 'signals',
        decidedShare: 0.214,
        mix: { simple: 241_300, medium: 121_800, hard: 35_120 },
        costUsd: 6_120.4,
        savingUsd: 8_688.74,
        quality: 'unmeasured',
      },
      {
        preset: 'cascade',
        decidedShare: null,
        mix: null,
        costUsd: null,
        savingUsd: null,
        quality: 'unmeasured',
      },
    ],
  },
  batch: {
    on: true,
    requests: 22_804,
    savingUsd: 605.1,
    note: 'nobody waited between 01:00 and 04:00',
  },
  compression: { on: false, requests: 0, savingUsd: 0, note: null },
  outputCap: { on: false, requests: 0, savingUsd: 0, note: null },
  selfHosted: [
    {
      target: 'local:small',
      requests: 48_112,
      outputTokens: 9_622_400,
      outputTokensPerMonth: 9_447_808.2,
      usdPerMonth: 3_326.25,
      usdPerMillion: 352.07,
      usdPerMillionFilled: 3.16,
      filledShare: 0.00898,
      elsewhereUsdPerMillion: 12.3,
      breakEvenTokensPerMonth: 270_426_829.3,
      policyUsdPerMonth: 116.2,
    },
  ],
}

/** The sweep's point at the threshold of the policy says what the result says. */
const asked = {
  hits: layers.semantic.hits,
  hitRate: layers.semantic.hitRate,
  wrongHits: layers.semantic.wrongHits,
  wrongPerHit: layers.semantic.wrongPerHit,
  interval: layers.semantic.wrongPerHitInterval,
  savingsUsd: 1_956.417,
}

/** Thresholds from 0.80 to 0.99: fewer hits and fewer wrong ones the stricter, as on a real log. */
export const sweep: readonly SweepPoint[] = Array.from({ length: 20 }, (_, index) => {
  const looseness = 1 - index / 19
  const hits = Math.round(106_000 * looseness ** 0.75) + 9_800
  const low = 0.098 * looseness ** 1.6 + 0.0012
  const high = low * 1.52 + 0.002
  return {
    threshold: (80 + index) / 100,
    hits,
    hitRate: round(hits / 240_118, 6),
    wrongHits: { low: Math.round(hits * low), high: Math.round(hits * high) },
    wrongPerHit: { low: round(low, 6), high: round(high, 6) },
    interval: {
      low: round(low * 0.85, 6),
      high: round(high * 1.12, 6),
      level: 0.95,
      method: 'bootstrap over entries',
    },
    savingsUsd: round(646.015 + hits * 0.0218, 9),
    ...(index === 12 && asked),
  }
})

export const pairs: readonly ServedPair[] = [
  {
    kind: 'wrong',
    similarity: 0.9412,
    request: 48_210,
    servedBy: 1_204,
    question: 'How do I cancel an order that has already shipped to another country?',
    servedQuestion: 'How do I cancel an order that has not shipped?',
    verdict: 'wrong',
    rung: 'human',
  },
  {
    kind: 'least-similar',
    similarity: 0.9201,
    request: 300_112,
    servedBy: 299_004,
    question: 'Où est ma commande ? Elle devait arriver hier et je n’ai aucune nouvelle de vous 😕',
    servedQuestion: 'Où est ma commande ? Elle devait arriver lundi.',
    verdict: 'unsettled',
    rung: null,
  },
  {
    kind: 'most-similar',
    similarity: 0.9998,
    request: 12,
    servedBy: 7,
    question: 'How do I reset my password ?',
    servedQuestion: 'How do I reset my password?',
    verdict: 'right',
    rung: 'normalised',
  },
  {
    kind: 'most-similar',
    similarity: 0.9996,
    request: 410_002,
    servedBy: 409_118,
    question: '注文した商品がまだ届きません。いつ届きますか',
    servedQuestion: '注文した商品がまだ届きません。いつ届きますか？',
    verdict: 'right',
    rung: 'similarity',
  },
]

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals))
}
