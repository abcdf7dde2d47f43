import { isObject } from '../domain/json.ts'
import type { Metrics } from './snapshot.ts'

/**
 * Every number and null of a report by its path, lists left out: `totals.costUsd`, `layers.exact.hitRate`. Dates and
 * texts are no figures.
 */
export function figuresOf(report: unknown, path = ''): Metrics {
  if (typeof report === 'number' || (report === null && path !== '')) return { [path]: report }
  if (!isObject(report)) return {}
  const parts = Object.entries(report)
    .filter(([key]) => !notFigures.has(key))
    .map(([key, value]) => figuresOf(value, path === '' ? key : `${path}.${key}`))
  return Object.assign({}, ...parts) as Metrics
}

/** Keys of a report that hold what it was made from. */
const notFigures = new Set(['version', 'fingerprints', 'inputs', 'priceBook', 'from', 'to'])

/** Figures that every kind of report has under one name, so that one assertion fits them all. */
export const commonMetrics = [
  'requests',
  'costUsd',
  'costPerRequestUsd',
  'hitRate',
  'wrongHitRate',
  'qualityDelta',
  'unpricedShare',
  'prefixReadShare',
  'errorRate',
] as const
export type CommonMetric = (typeof commonMetrics)[number]

/** Where each kind of report has them; a pair of paths is a share of the second. */
type Places = Readonly<Record<CommonMetric, string | readonly [string, string] | null>>

const places: Readonly<Record<'analyze' | 'simulate' | 'replay', Places>> = {
  analyze: {
    requests: 'totals.requests',
    costUsd: 'totals.costUsd',
    costPerRequestUsd: 'perRequest.meanUsd',
    hitRate: ['totals.servedFromCacheRequests', 'totals.requests'],
    wrongHitRate: null,
    qualityDelta: null,
    unpricedShare: 'totals.unpricedShare',
    prefixReadShare: 'totals.prefixReadShare',
    errorRate: ['totals.errors', 'totals.requests'],
  },
  simulate: {
    requests: 'policy.requests',
    costUsd: 'policy.costUsd',
    costPerRequestUsd: ['policy.costUsd', 'policy.requests'],
    hitRate: ['policy.avoidedCalls', 'policy.requests'],
    wrongHitRate: 'layers.semantic.wrongPerRequest.high',
    qualityDelta: 'quality.delta',
    unpricedShare: ['baseline.unpricedRequests', 'baseline.requests'],
    prefixReadShare: 'layers.prefix.readShare',
    errorRate: null,
  },
  replay: {
    requests: 'arms.candidate.answers',
    costUsd: 'arms.candidate.costUsd',
    costPerRequestUsd: ['arms.candidate.costUsd', 'arms.candidate.answers'],
    hitRate: null,
    wrongHitRate: null,
    qualityDelta: 'delta.quality',
    unpricedShare: ['arms.candidate.unpriced', 'arms.candidate.answers'],
    prefixReadShare: null,
    errorRate: null,
  },
}

/** The figures of a report with the common ones beside them. */
export function metricsOf(kind: keyof typeof places, figures: Metrics): Metrics {
  const withShares = { ...figures, ...prefixShare(figures) }
  const common = commonMetrics.map((name) => {
    const place = places[kind][name]
    if (place === null) return [name, null]
    if (typeof place === 'string') return [name, withShares[place] ?? null]
    return [name, shareOf(withShares[place[0]], withShares[place[1]])]
  })
  const known: Metrics = { ...withShares, ...Object.fromEntries(common) }
  return { ...known, ...measuredEnds(kind, known), ...noWrongHits(known) }
}

/** Where the interval of the measured quality is in each kind of report. */
const qualityIntervals = { analyze: null, simulate: 'quality.interval', replay: 'delta.interval' }

function measuredEnds(kind: keyof typeof places, figures: Metrics): Metrics {
  const path = qualityIntervals[kind]
  const ends = ['low', 'high', 'level'].map((end) => [
    `qualityDelta.${end}`,
    figures[`${path}.${end}`],
  ])
  return Object.fromEntries(ends.filter(([, value]) => typeof value === 'number')) as Metrics
}

/** A cache that served nothing served nothing wrong. */
const noWrongHits = (figures: Metrics): Metrics =>
  figures['layers.semantic.hits'] === 0 ? { wrongHitRate: 0 } : {}

/** Of the tokens that models read, those from a provider's prompt cache. */
function prefixShare(figures: Metrics): Metrics {
  const [read, ...others] = [
    'cacheReadTokens',
    'inputTokens',
    'cacheWrite5mTokens',
    'cacheWrite1hTokens',
  ].map((name) => figures[`totals.${name}`] ?? 0)
  const all = others.reduce((sum, tokens) => sum + tokens, read ?? 0)
  return { 'totals.prefixReadShare': shareOf(read, all) }
}

const shareOf = (
  part: number | null | undefined,
  whole: number | null | undefined,
): number | null =>
  part === null || part === undefined || whole === null || whole === undefined || whole === 0
    ? null
    : part / whole
