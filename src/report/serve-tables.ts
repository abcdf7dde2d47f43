import type { Figures, MixLine, MixName } from '../serve/gateway-figures.ts'
import { safeText } from './escape.ts'
import {
  formatCount,
  formatMs,
  formatShare,
  formatTokens,
  formatUsd,
  formatUsdCents,
  unknownMark,
} from './numbers.ts'
import type { ReportTable } from './simulate-tables.ts'

/** A table whose rows may have a bar: the share of the row in the whole. */
export type BarTable = ReportTable & { readonly shares: readonly (number | null)[] | null }

/** A column of numbers; the one with the highest order goes first where space is short. */
export const numberColumn = (title: string, dropOrder = 0) => ({
  title,
  align: 'right' as const,
  dropOrder,
})
export const nameColumn = (title: string, minWidth = 12) => ({ title, minWidth })

/** The parts of what was saved, and what saving took; they add up. */
export function savingsTable({ savings }: Figures): BarTable {
  const { parts, beside, savedUsd, baselineUsd, classifiersUsd, validatorsUsd } = savings
  const rows = [
    ...parts.map(({ part, savedUsd: usd }) => [savingWords[part], usd] as const),
    ...beside.map(({ purpose, costUsd }) => [sideWords[purpose], -costUsd] as const),
  ].filter(([, usd]) => usd !== 0)
  const inside = classifiersUsd + validatorsUsd
  const remark = [
    `of ${formatUsdCents(baselineUsd)} without the policy`,
    ...(inside === 0
      ? []
      : [`classifiers and validators, ${formatUsd(inside)}, are taken off already`]),
  ].join('; ')
  return {
    title: 'Where savings come from',
    remark,
    columns: [nameColumn(''), { ...numberColumn('saved'), style: 'bold' }],
    rows: [
      ...rows.map(([text, usd]) => [text, formatUsd(usd)]),
      ...(savedUsd === null ? [] : [['together', formatUsd(savedUsd)]]),
    ],
    shares: null,
  }
}

const savingWords: Readonly<Record<Figures['savings']['parts'][number]['part'], string>> = {
  exact: 'exact hits',
  semantic: 'semantic hits',
  coalesced: 'coalesced requests',
  models: 'other models, less escalations',
}

const sideWords: Readonly<Record<Figures['savings']['beside'][number]['purpose'], string>> = {
  audit: 'audits of cached answers',
  judge: 'judges',
  embedding: 'embeddings',
}

/** Hits by layer, each with its own denominator and with its share of the combined rate. */
export function layersTable({ cache }: Figures): BarTable {
  const waited: readonly (readonly string[])[] =
    cache.coalesced === 0
      ? []
      : [['coalesced, no hit', unknownMark, formatCount(cache.coalesced), unknownMark, unknownMark]]
  return {
    title: 'Cache layers',
    remark: `of ${formatCount(cache.cacheable)} cacheable requests`,
    columns: [
      nameColumn('layer'),
      numberColumn('look-ups', 1),
      numberColumn('hits'),
      numberColumn('of look-ups'),
      numberColumn('of cacheable'),
    ],
    rows: [
      ...cache.layers.map(({ layer, lookUps, hits, hitRate, shareOfCacheable }) => [
        layer,
        formatCount(lookUps),
        formatCount(hits),
        formatShare(hitRate),
        formatShare(shareOfCacheable),
      ]),
      ...waited,
    ],
    shares: [
      ...cache.layers.map(({ shareOfCacheable }) => shareOfCacheable),
      ...waited.map(() => null),
    ],
  }
}

/** Why caches were not asked. */
export const bypassTable = ({ bypasses, requests }: Figures): BarTable => ({
  title: 'Why caches were not asked',
  remark: `of ${formatCount(requests)} requests, by layer`,
  columns: [nameColumn('reason'), numberColumn('requests'), numberColumn('share')],
  rows: bypasses
    .slice(0, shownRows)
    .map(({ reason, requests: count }) => [
      safeText(reason),
      formatCount(count),
      formatShare(requests === 0 ? null : count / requests),
    ]),
  shares: bypasses.slice(0, shownRows).map(({ requests: count }) => count / requests),
})

/** More are in the JSON. */
const shownRows = 12

export const routesTable = ({ routes }: Figures): BarTable =>
  mixTable(routes, {
    title: 'Routes',
    remark: 'of the requests that went to a model',
    column: 'route',
    none: 'as asked',
  })

export const segmentsTable = ({ segments }: Figures): BarTable =>
  mixTable(segments, {
    title: 'Customer plans',
    remark: 'of all requests',
    column: 'plan',
    none: 'no plan given',
  })

function mixTable(
  lines: readonly MixLine[],
  words: Readonly<Record<'title' | 'remark' | 'column' | 'none', string>>,
): BarTable {
  const shown = lines.slice(0, shownRows)
  return {
    title: words.title,
    remark: words.remark,
    columns: [
      nameColumn(words.column),
      numberColumn('requests'),
      numberColumn('share'),
      numberColumn('cost'),
      numberColumn('per request', 1),
      numberColumn('saved', 2),
    ],
    rows: shown.map((line) => [
      nameOf(line, words.none),
      formatCount(line.requests),
      formatShare(line.share),
      formatUsd(line.costUsd),
      formatUsd(line.costUsdPerRequest),
      formatUsd(line.savedUsd),
    ]),
    shares: shown.map(({ share }) => share),
  }
}

const nameOf = (line: MixName, none: string): string =>
  line.name === null ? (line.none ? none : 'all others') : safeText(line.name)

/** Calls and spend by model; without validators and classifiers that ask models of their own. */
export function modelsTable({ models }: Figures): BarTable {
  const shown = models.slice(0, shownRows)
  return {
    title: 'Models',
    remark: 'every call, also those that failed or were rejected',
    columns: [
      nameColumn('model', 20),
      { title: 'tier', dropOrder: 4 },
      numberColumn('calls'),
      numberColumn('share', 5),
      numberColumn('cost'),
      numberColumn('of cost'),
      numberColumn('rejected', 2),
      numberColumn('failed', 1),
      numberColumn('tokens in', 7),
      numberColumn('out', 6),
    ],
    rows: shown.map((line) => [
      nameOf(line, unknownMark),
      line.tier ?? unknownMark,
      formatCount(line.calls),
      formatShare(line.share),
      line.unpricedCalls === line.calls ? 'no price' : formatUsd(line.costUsd),
      formatShare(line.costShare),
      formatCount(line.rejectedCalls),
      formatCount(line.failedCalls),
      formatTokens(line.inputTokens),
      formatTokens(line.outputTokens),
    ]),
    shares: shown.map(({ costShare }) => costShare),
  }
}

/** Which tier answered. */
export function tiersTable({ routing }: Figures): BarTable {
  const shown = routing.tiers.filter(({ requests }) => requests > 0)
  return {
    title: 'Tiers',
    remark: `of ${formatCount(routing.answered)} requests that a model answered`,
    columns: [nameColumn('tier'), numberColumn('requests'), numberColumn('share')],
    rows: shown.map(({ tier, requests, share }) => [
      tier ?? 'none of the policy’s',
      formatCount(requests),
      formatShare(share),
    ]),
    shares: shown.map(({ share }) => share),
  }
}

/** How much of each request's time is the gateway's own. */
export function overheadTable({ overheadMs, requests }: Figures): BarTable {
  const { histogram } = overheadMs
  const last = histogram.findLastIndex((bar) => bar.requests > 0)
  const shown = histogram.slice(0, last + 1)
  return {
    title: 'Gateway overhead',
    remark: `of ${formatCount(requests)} requests`,
    columns: [nameColumn('up to'), numberColumn('requests'), numberColumn('share')],
    rows: shown.map(({ upToMs, requests: count }) => [
      upToMs === null ? 'longer' : formatMs(upToMs),
      formatCount(count),
      formatShare(count / requests),
    ]),
    shares: shown.map(({ requests: count }) => count / requests),
  }
}
