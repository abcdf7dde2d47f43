import type { RequestLookup, RequestSource } from '../domain/columns.ts'
import { usdOf } from '../domain/money.ts'
import { priceBookUsed } from '../prices/price-book-used.ts'
import { projectMonth } from '../stats/projection.ts'
import { type Calendar, calendarOf, isoDay, weekdayOf } from '../worlds/calendar.ts'
import { aggregateTotals } from './aggregates.ts'
import { dayAlerts } from './alerts.ts'
import { groupBy } from './groups.ts'
import { nearRepeatOpportunity } from './near-repeat-opportunity.ts'
import { bySaving, type Found, findOpportunities, roundUsd, type Scale } from './opportunities.ts'
import type { AnalyzeOptions } from './options.ts'
import { percentilesOf, perRequestOf, valuesOf } from './percentiles.ts'
import { type ProfiledPrompts, profilePrompts } from './query-profile.ts'
import { modelSwaps, topRepeated } from './repeated-questions.ts'
import type { AnalyzeResult, Opportunity, Projection } from './result.ts'
import { selfHosting } from './self-hosting.ts'
import { type DaySum, type Sums, sumUp } from './totals.ts'
import { perTraceOf } from './traces.ts'
import { withUsedProfiles } from './used-profiles.ts'
import { sumUsers, unitEconomicsOf, userAlerts } from './users.ts'
import { verdictOf } from './verdict.ts'

/** Raised whenever a base says more, or another thing, than before: stored ones are then made anew. */
export const baseVersion = 4

/** The whole of a report but its groups, which alone depend on --by and --top. */
export type AnalyzeBase = Omit<AnalyzeResult, 'by' | 'groups' | 'groupCount'>

/** Where the money went and what would help most, over the requests of a source. */
export function analyze(
  source: RequestSource,
  lookup: RequestLookup,
  options: AnalyzeOptions,
): AnalyzeResult {
  return withGroups(analyzeBase(source, lookup, options), source, lookup, options)
}

/** Adds the groups asked for to a report that may have been made before. */
export function withGroups(
  base: AnalyzeBase,
  source: RequestSource,
  lookup: RequestLookup,
  { by, top, zone }: Pick<AnalyzeOptions, 'by' | 'top' | 'zone'>,
): AnalyzeResult {
  return { ...base, by, ...groupBy(source, lookup, calendarOf(zone), by, top) }
}

export function analyzeBase(
  all: RequestSource,
  lookup: RequestLookup,
  options: AnalyzeOptions,
): AnalyzeBase {
  const source = withUsedProfiles(all)
  const calendar = calendarOf(options.zone)
  const sums = sumUp(source, calendar)
  const projection = projectionOf(sums, calendar)
  const scale = scaleOf(sums, projection)
  const { perRequest, usdPerThousandRequests } = requestCosts(source, sums)
  const users = sumUsers(source)
  const { p50, p95 } = percentilesOf(source, 'firstTokenMs')
  const judged = findOpportunities(source, lookup, options, scale)
  const perTrace = perTraceOf(source, lookup)
  const repeated = topRepeated(source, lookup)
  // Last, when the large tables of all the others are gone: comparing prompts needs most memory.
  const prompts = profilePrompts(source, lookup)
  const measured = { sums, projection, scale, prompts }
  const opportunities = allOpportunities(judged, lookup, options, measured)
  return {
    kind: 'analyze',
    version: 1,
    generatedAt: new Date(options.now).toISOString(),
    inputs: options.inputs,
    fingerprints: {
      policy: null,
      prices: options.prices.fingerprint,
      embedder: prompts?.compared?.fingerprint ?? null,
    },
    warnings: options.warnings,
    store: options.store,
    totals: { ...sums.totals, unpricedModels: unpricedModels(source, sums, options) },
    period: periodOf(sums),
    projection,
    perRequest,
    perTrace,
    latencyMs: percentilesOf(source, 'latencyMs'),
    firstTokenMs: { p50, p95 },
    usdPerThousandRequests,
    daily: sums.days.map(dayOf),
    facts: judged.facts,
    intendedVsActual: modelSwaps(source),
    topRepeated: repeated,
    queryProfile: prompts?.profile ?? null,
    difficulty: sums.difficulty,
    unitEconomics: unitEconomicsOf(users, options, scale),
    opportunities,
    alerts: [...dayAlerts(sums, projection, options), ...userAlerts(users, lookup, options, scale)],
    verdict: verdictOf(source, sums, projection, sums.difficulty),
    priceBook: priceBookUsed(options.prices, options.now),
    aggregates: aggregateTotals(options.aggregates, source),
  }
}

function requestCosts(source: RequestSource, { totalCost }: Sums) {
  const costs = valuesOf(source, 'cost')
  const perThousand = (usdOf(totalCost) * 1000) / costs.length
  return {
    perRequest: perRequestOf(costs, totalCost),
    usdPerThousandRequests: costs.length === 0 ? null : roundUsd(perThousand),
  }
}

type Measured = {
  readonly sums: Sums
  readonly projection: Projection
  readonly scale: Scale
  readonly prompts: ProfiledPrompts | null
}

/** With those that no rule finds by looking at one request after the other. */
function allOpportunities(
  judged: Found,
  lookup: RequestLookup,
  options: AnalyzeOptions,
  { sums, projection, scale, prompts }: Measured,
): readonly Opportunity[] {
  const more = [
    prompts && nearRepeatOpportunity(prompts, lookup, scale, options.inputWords),
    selfHosting(sums.totals, projection, scale, options.inputWords),
  ].filter((opportunity) => opportunity !== null)
  return [...judged.opportunities, ...more].sort(bySaving)
}

/** Complete days: all but the first and the last, which are complete only where the log covers them from end to end. */
function completeDays({ days, from, to }: Sums, calendar: Calendar): readonly DaySum[] {
  const [first] = days
  const last = days[days.length - 1]
  if (first === undefined || last === undefined || from === null || to === null) return []
  const graceMs = 3_600_000
  const startsWhole = from - calendar.startOf(first.day) <= graceMs
  const endsWhole = calendar.startOf(last.day + 1) - to <= graceMs
  return days.slice(startsWhole ? 0 : 1, endsWhole ? days.length : -1)
}

function projectionOf(sums: Sums, calendar: Calendar): Projection {
  const days = completeDays(sums, calendar)
  const { costPerMonth, interval, notes } = projectMonth(
    days.map(({ day, cost }) => ({ total: cost, weekday: weekdayOf(day) })),
  )
  return {
    costUsdPerMonth: costPerMonth === null ? null : usdOf(Math.round(costPerMonth)),
    interval:
      interval === null
        ? null
        : {
            ...interval,
            low: usdOf(Math.round(interval.low)),
            high: usdOf(Math.round(interval.high)),
          },
    days: days.length,
    notes,
  }
}

/** Without a complete day there is no month to scale to: savings then are those of the log itself. */
function scaleOf(sums: Sums, projection: Projection): Scale {
  const totalUsd = usdOf(sums.totalCost)
  const perMonth =
    projection.costUsdPerMonth === null || totalUsd === 0
      ? 1
      : projection.costUsdPerMonth / totalUsd
  return { perMonth, totalUsd }
}

const periodOf = ({ from, to, days }: Sums) => ({
  from: from === null ? null : new Date(from).toISOString(),
  to: to === null ? null : new Date(to).toISOString(),
  days: days.length,
})

const dayOf = ({ day, requests, errors, cost }: DaySum) => ({
  day: isoDay(day),
  requests,
  errors,
  costUsd: usdOf(cost),
})

function unpricedModels(source: RequestSource, sums: Sums, { prices }: AnalyzeOptions) {
  const byModel = new Map<string, number>()
  for (const [profile, requests] of sums.unpriced) {
    const { provider = null, model = null } = source.profiles[profile] ?? {}
    const target = provider === null ? (model ?? '') : `${provider}:${model}`
    byModel.set(target, (byModel.get(target) ?? 0) + requests)
  }
  return [...byModel]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([model, requests]) => ({ model, requests, snippet: prices.snippetFor(model) }))
}
