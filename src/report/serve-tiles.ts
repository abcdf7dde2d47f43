import type { AlertMetric } from '../policy/governance.ts'
import type { Figures, Quantiles, WatchedMetric, WindowName } from '../serve/gateway-figures.ts'
import type { GatewaySnapshot } from '../serve/gateway-snapshot.ts'
import { leastToActOn } from '../serve/watched-metrics.ts'
import { safeText } from './escape.ts'
import {
  formatCount,
  formatMs,
  formatShare,
  formatTokens,
  formatUsd,
  formatUsdCents,
  plural,
  unknownMark,
} from './numbers.ts'

/** One figure of a running gateway with what it rests on; every text is safe to print. */
export type Tile = {
  readonly id: string
  readonly name: string
  readonly value: string
  /** The denominator, and what else one has to know. */
  readonly note: string
  /** The action threshold; null where nobody set one. */
  readonly limit: TileLimit | null
}

/** `unknown`: no value, or too few requests to act on. */
export type TileLimit = {
  readonly text: string
  readonly state: 'within' | 'crossed' | 'unknown'
}

const windowWords: Readonly<Record<WindowName, string>> = {
  hour: 'in the last hour',
  day: 'in the last 24 hours',
  start: 'since the start',
}

/** The three figures that come first: spent, saved, and what a thousand requests cost. */
export function heroTiles(window: WindowName, snapshot: GatewaySnapshot): readonly Tile[] {
  const figures = snapshot.windows[window]
  const named = (tile: Tile): Tile => ({ ...tile, name: `${tile.name} ${windowWords[window]}` })
  return [
    named(spendTile(figures, snapshot)),
    named(savedTile(figures, snapshot)),
    perThousandTile(figures),
  ]
}

/** The other figures, those with an action threshold first. */
export function figureTiles(figures: Figures): readonly Tile[] {
  return [
    hitRateTile(figures),
    auditTile(figures),
    latencyTile(figures),
    topTierTile(figures),
    escalationTile(figures),
    rejectionTile(figures),
    errorTile(figures),
    overheadTile(figures),
    firstTokenTile(figures),
    prefixTile(figures),
  ]
}

function spendTile({ costUsd, unpricedRequests }: Figures, { today }: GatewaySnapshot): Tile {
  const since = today.isWholeDay ? '' : `, since ${clock(today.since, today)}`
  const unpriced =
    unpricedRequests === 0 ? '' : `; ${plural(unpricedRequests, 'request')} without a price`
  const note = `${formatUsdCents(today.costUsd)} today${since}${unpriced}`
  return { id: 'spend', name: 'Spent', value: formatUsdCents(costUsd), note, limit: null }
}

/** Hours and minutes in the time zone that days are counted in. */
function clock(iso: string, { timezone }: GatewaySnapshot['today']): string {
  const options = { hour: '2-digit', minute: '2-digit', hour12: false } as const
  const text = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: timezone })
  return `${text.format(new Date(iso))} ${timezone}`
}

function savedTile({ savings }: Figures, { baseline }: GatewaySnapshot): Tile {
  const { savedUsd, share, baselineUsd, known, of, unknownShare } = savings
  const part = share === null ? '' : ` (${formatShare(share)})`
  const coverage =
    unknownShare === null || unknownShare === 0
      ? ''
      : `; unknown for ${formatShare(unknownShare)} of ${plural(of, 'request')}`
  const note =
    known === 0
      ? `no request with a known baseline yet`
      : `of ${formatUsdCents(baselineUsd)} for ${safeText(baseline)}${coverage}`
  return { id: 'saved', name: 'Saved', value: formatUsdCents(savedUsd) + part, note, limit: null }
}

const perThousandTile = ({ costUsdPer1k, requests }: Figures): Tile => ({
  id: 'per-thousand',
  name: 'Cost per 1,000 requests',
  value: formatUsd(costUsdPer1k),
  note: plural(requests, 'request'),
  limit: null,
})

const hitRateTile = (figures: Figures): Tile => {
  const { hits, cacheable, hitRate, coalesced } = figures.cache
  const waited = coalesced === 0 ? '' : `; ${formatCount(coalesced)} coalesced beside them`
  return {
    id: 'hit-rate',
    name: 'Combined hit rate',
    value: formatShare(hitRate),
    note: `${formatCount(hits)} hits of ${formatCount(cacheable)} cacheable${waited}`,
    limit: limitOf(figures, 'hitRate'),
  }
}

const auditTile = ({ audit, savings }: Figures): Tile => {
  const { audited, agreeing, agreeRate, interval, auditedShare } = audit
  const cost = savings.beside.find(({ purpose }) => purpose === 'audit')?.costUsd ?? 0
  return {
    id: 'audit',
    name: 'Audited hits that agree',
    value: formatShare(agreeRate),
    note:
      interval === null
        ? 'no semantic hit was audited'
        : `${formatCount(agreeing)} of ${formatCount(audited)}, ${formatShare(interval.level)} interval ${formatShare(interval.low)}–${formatShare(interval.high)}; ${formatShare(auditedShare)} of semantic hits audited for ${formatUsd(cost)}`,
    limit: null,
  }
}

const latencyTile = (figures: Figures): Tile => {
  const { latencyMs, p95LatencyFactor: factor } = figures
  const over = factor === null ? 'baseline unknown' : `${factor.toFixed(2)}× the baseline`
  return {
    id: 'latency',
    name: 'p95 latency',
    value: formatMs(latencyMs.p95),
    note: `${over}; p50 ${formatMs(latencyMs.p50)}, p99 ${formatMs(latencyMs.p99)}, ${plural(latencyMs.count, 'answer')}`,
    limit: limitOf(figures, 'p95LatencyFactor'),
  }
}

const topTierTile = (figures: Figures): Tile => {
  const { answered, tiers, topTierShare } = figures.routing
  const top = tiers.find(({ tier }) => tier === 'large')?.requests ?? 0
  return {
    id: 'top-tier',
    name: 'Top-tier share',
    value: formatShare(topTierShare),
    note: `${formatCount(top)} of ${formatCount(answered)} answered by models`,
    limit: limitOf(figures, 'topTierShare'),
  }
}

const escalationTile = (figures: Figures): Tile => {
  const { escalated, validated, escalationRate } = figures.routing
  return {
    id: 'escalation',
    name: 'Escalation rate',
    value: formatShare(escalationRate),
    note: `${formatCount(escalated)} of ${formatCount(validated)} validated went up the ladder`,
    limit: limitOf(figures, 'escalationRate'),
  }
}

const rejectionTile = (figures: Figures): Tile => {
  const { byBudget, budgetRejectionRate } = figures.refusals
  const away = figures.turnedAway.map(
    ({ reason, requests }) => `${formatCount(requests)} ${reason}`,
  )
  const limited = away.length === 0 ? '' : `; turned away: ${away.join(', ')}`
  return {
    id: 'rejections',
    name: 'Budget rejections',
    value: formatShare(budgetRejectionRate),
    note: `${formatCount(byBudget)} of ${plural(figures.requests, 'request')}${limited}`,
    limit: limitOf(figures, 'budgetRejectionRate'),
  }
}

const errorTile = (figures: Figures): Tile => {
  const { failed, errorRate, cancelled } = figures.errors
  const left = cancelled === 0 ? '' : `; ${plural(cancelled, 'caller')} left`
  const { retries, fallbacks } = figures.routing
  const again = [
    ...(retries === 0 ? [] : [plural(retries, 'retry', 'retries')]),
    ...(fallbacks === 0 ? [] : [plural(fallbacks, 'fallback')]),
  ]
  const made = again.length === 0 ? '' : `; ${again.join(', ')}`
  return {
    id: 'errors',
    name: 'Error rate',
    value: formatShare(errorRate),
    note: `${formatCount(failed)} of ${plural(figures.requests, 'request')}${left}${made}`,
    limit: limitOf(figures, 'errorRate'),
  }
}

const overheadTile = ({ overheadMs }: Figures): Tile => ({
  id: 'overhead',
  name: 'Gateway overhead, p50',
  value: formatMs(overheadMs.p50),
  note: spreadNote(overheadMs, 'request'),
  limit: null,
})

const firstTokenTile = ({ firstTokenMs }: Figures): Tile => ({
  id: 'first-token',
  name: 'First token, p50',
  value: formatMs(firstTokenMs.p50),
  note: spreadNote(firstTokenMs, 'streamed answer'),
  limit: null,
})

const spreadNote = ({ p95, p99, count }: Quantiles, one: string): string =>
  `p95 ${formatMs(p95)}, p99 ${formatMs(p99)}, ${plural(count, one)}`

const prefixTile = ({ prefix }: Figures): Tile => ({
  id: 'prefix',
  name: 'Prompt-cache reads',
  value: formatShare(prefix.readShare),
  note: `of ${formatTokens(prefix.inputTokens)} input tokens at the providers; never counted as hits`,
  limit: null,
})

/** The policy's action threshold for a metric, in words. */
function limitOf({ watched }: Figures, metric: AlertMetric): TileLimit | null {
  const found = watched.find((each) => each.metric === metric)
  if (found === undefined) return null
  const beyond = `${found.side} ${limitText(found)}`
  if (found.isCrossed === null) {
    const why = found.of < leastToActOn ? 'too few yet' : 'not known'
    return { text: `act ${beyond}; ${why}`, state: 'unknown' }
  }
  return found.isCrossed
    ? { text: `${beyond}: time to act`, state: 'crossed' }
    : { text: `act ${beyond}`, state: 'within' }
}

/** A share in percent without needless digits, a factor with its sign. */
function limitText({ metric, limit }: WatchedMetric): string {
  if (metric.endsWith('Factor')) return `${limit}× baseline`
  const percent = Number((limit * 100).toPrecision(3))
  return Number.isFinite(percent) ? `${percent}%` : unknownMark
}
