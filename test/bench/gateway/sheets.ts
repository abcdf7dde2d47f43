import type { Column, Range, Sheet, SheetRow } from '../outcome.ts'
import { rangeOf } from '../range.ts'
import { direct } from './bare-subjects.ts'
import type { LoadFound } from './load.ts'
import type { Round, RoundOf } from './rounds.ts'
import { hitScenarios, type Scenario, scenarios } from './scenarios.ts'
import type { SemanticFound } from './semantic.ts'
import type { Subject } from './subject.ts'

/** A figure of one subject in one round; null where it has none. */
export type Figure = (own: RoundOf, round: Round) => number | null

export const rateIn =
  (scenario: Scenario): Figure =>
  ({ loads }) =>
    loads.get(scenario)?.perSecond ?? null

/** Processor time of the gateway for each request: what a busy machine changes least. */
export const cpuIn =
  (scenario: Scenario): Figure =>
  ({ loads }) =>
    loads.get(scenario)?.cpuMs ?? null

type SpreadName = 'latencyMs' | 'firstByteMs'
type Percentile = 'p50' | 'p90' | 'p99'

export const percentileIn =
  (scenario: Scenario, spread: SpreadName, percentile: Percentile): Figure =>
  ({ loads }) =>
    spreadIn(loads.get(scenario), spread, percentile)

const spreadIn = (
  found: LoadFound | undefined,
  spread: SpreadName,
  percentile: Percentile,
): number | null => found?.[spread]?.[percentile] ?? null

/** Over what the upstream takes without a gateway, in the same round. */
export const addedIn =
  (scenario: Scenario, spread: SpreadName, percentile: Percentile): Figure =>
  ({ loads }, round) => {
    const without = round.find(({ subject }) => subject.name === direct)?.loads.get(scenario)
    const floor = spreadIn(without, spread, percentile)
    const own = spreadIn(loads.get(scenario), spread, percentile)
    return own === null || floor === null ? null : own - floor
  }

/** Of one subject over the rounds that have it. */
export function overRounds(rounds: readonly Round[], name: string, figure: Figure): Range | null {
  const values = rounds.flatMap((round) => {
    const own = round.find(({ subject }) => subject.name === name)
    const value = own === undefined ? null : figure(own, round)
    return value === null ? [] : [value]
  })
  return values.length === 0 ? null : rangeOf(values)
}

type FigureColumn = Column & { readonly figure: Figure }

/** One sheet for each scenario, one for the processes. */
export function sheetsOf(rounds: readonly Round[], subjects: readonly Subject[]): readonly Sheet[] {
  const rowsOf = (columns: readonly FigureColumn[]): readonly SheetRow[] =>
    subjects.flatMap(({ name, role }) => {
      const values = Object.fromEntries(
        columns.map(({ key, figure }) => [key, overRounds(rounds, name, figure)]),
      )
      return Object.values(values).every((value) => value === null) ? [] : [{ name, role, values }]
    })
  const sheet = (title: string, columns: readonly FigureColumn[]): Sheet => ({
    title,
    columns: columns.map(({ figure: _, ...column }) => column),
    rows: rowsOf(columns),
  })
  return [
    ...[...scenarios, ...hitScenarios].map((scenario) =>
      sheet(scenario.title, columnsOf(scenario)),
    ),
    sheet('processes', processColumns),
  ].filter(({ rows }) => rows.length > 0)
}

const milliseconds = (key: string, heading: string, figure: Figure): FigureColumn => ({
  key,
  heading,
  unit: 'milliseconds',
  figure,
})

const percentiles: readonly Percentile[] = ['p50', 'p90', 'p99']

function columnsOf(scenario: Scenario): readonly FigureColumn[] {
  const latencies = percentiles.map((name) =>
    milliseconds(name, name, percentileIn(scenario, 'latencyMs', name)),
  )
  const rate: FigureColumn = {
    key: 'perSecond',
    heading: scenario.streams ? 'streams/s' : 'answers/s',
    unit: 'per-second',
    figure: rateIn(scenario),
  }
  const cpu = milliseconds('cpu', 'CPU each', cpuIn(scenario))
  const added = (spread: SpreadName, name: Percentile, heading: string) =>
    milliseconds(`${heading} ${name}`, `${heading} ${name}`, addedIn(scenario, spread, name))
  if (scenario.pace.kind === 'open')
    return [
      rate,
      cpu,
      ...latencies,
      added('latencyMs', 'p50', 'added'),
      added('latencyMs', 'p99', 'added'),
    ]
  if (!scenario.streams) return [rate, cpu, ...latencies]
  const firstBytes = percentiles.map((name) =>
    milliseconds(
      `first byte ${name}`,
      `first byte ${name}`,
      percentileIn(scenario, 'firstByteMs', name),
    ),
  )
  return [rate, cpu, ...latencies, ...firstBytes, added('firstByteMs', 'p50', 'first byte added')]
}

const processColumns: readonly FigureColumn[] = [
  milliseconds('start', 'start', ({ startMs }) => startMs),
  { key: 'rss', heading: 'RSS', unit: 'bytes', figure: ({ rssBytes }) => rssBytes },
]

/** What a semantic cache adds, apart from any server. */
export function semanticSheet(title: string, runs: readonly SemanticFound[]): Sheet {
  const range = (of: (run: SemanticFound) => number | undefined): Range | null => {
    const values = runs.map(of).filter((value) => value !== undefined)
    return values.length === 0 ? null : rangeOf(values)
  }
  const columns = ['p50', 'p99', 'longest'] as const
  const spread = (of: 'lookUpMs' | 'addMs') => ({
    p50: range((run) => run[of]?.p50),
    p99: range((run) => run[of]?.p99),
    longest: range((run) => run[of]?.max),
  })
  const delay = range(({ longestDelayMs }) => longestDelayMs)
  return {
    title,
    columns: columns.map((key) => ({ key, heading: key, unit: 'milliseconds' as const })),
    rows: [
      { name: 'embed + look up', role: 'measured', values: spread('lookUpMs') },
      { name: 'one entry more', role: 'measured', values: spread('addMs') },
      { name: 'delay of the event loop', role: 'measured', values: { longest: delay } },
    ],
  }
}
