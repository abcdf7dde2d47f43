import type { Range, Target } from '../outcome.ts'
import { rangeOf } from '../range.ts'
import { inBytes, inTime, inWhole } from '../table.ts'
import { bare, bareWithParse, direct } from './bare-subjects.ts'
import { litellm } from './litellm.ts'
import { ours } from './llmcost-subjects.ts'
import { portkey } from './portkey.ts'
import type { Round } from './rounds.ts'
import { hitScenarios, type Scenario, scenarios, steady } from './scenarios.ts'
import type { SemanticFound } from './semantic.ts'
import { addedIn, cpuIn, type Figure, overRounds, percentileIn, rateIn } from './sheets.ts'

const scenarioAt = (key: string): Scenario => {
  const found = [...scenarios, ...hitScenarios].find((scenario) => scenario.key === key)
  if (found === undefined) throw new Error(`no scenario ${key}`)
  return found
}

/** What is hoped for of the gateway of one build; `suffix` as in its subjects' names. */
export function gatewayTargets(rounds: readonly Round[], suffix: string): readonly Target[] {
  const governed = `${ours.governed}${suffix}`
  const passThrough = `${ours.passThrough}${suffix}`
  const least = (name: string, peer: string, key: string, times: number) =>
    ratioTarget(rounds, { name, peer, scenario: scenarioAt(key), times })
  const most = (words: string, name: string, figure: Figure, limitMs: number) =>
    limitTarget(`${name}: ${words}`, overRounds(rounds, name, figure), limitMs)
  return [
    ...['json-16', 'json-64'].flatMap((key) => [
      ...least(governed, bareWithParse, key, 0.5),
      ...least(passThrough, bareWithParse, key, 0.8),
    ]),
    ...least(governed, portkey, 'json-16', 8),
    ...least(governed, litellm, 'json-16', 50),
    ...most('p50 added at 600/s', governed, addedIn(steady, 'latencyMs', 'p50'), 0.35),
    ...most('p99 added at 600/s', governed, addedIn(steady, 'latencyMs', 'p99'), 1.5),
    ...most(
      'first byte of a stream over direct',
      governed,
      addedIn(scenarioAt('sse-1'), 'firstByteMs', 'p50'),
      0.5,
    ),
    ...hitTargets(rounds, governed),
    ...memoryTargets(rounds, governed),
  ]
}

/** Whether the bench can be believed: its own parts must not be what is measured. */
export const rigTargets = (rounds: readonly Round[]): readonly Target[] =>
  ['json-16', 'json-64', 'sse-16'].flatMap((key) =>
    ratioTarget(rounds, { name: direct, peer: bare, scenario: scenarioAt(key), times: 1.5 }),
  )

type Comparison = {
  readonly name: string
  readonly peer: string
  readonly scenario: Scenario
  readonly times: number
}

/** Rates, round by round; beside them what one request costs in processor time, which is steadier. */
function ratioTarget(
  rounds: readonly Round[],
  { name, peer, scenario, times }: Comparison,
): readonly Target[] {
  const rates = ratiosOf(rounds, [name, peer], rateIn(scenario))
  if (rates === null) return []
  const cpu = ratiosOf(rounds, [peer, name], cpuIn(scenario))
  const byCpu = cpu === null ? '' : `; by processor time ${cpu.median.toFixed(2)} ×`
  const { min, median, max } = rates
  return [
    {
      words: `${name}, ${scenario.title}: at least ${times} × the rate of ${peer}`,
      found: `${median.toFixed(2)} × (${min.toFixed(2)}–${max.toFixed(2)})${byCpu}`,
      met: median >= times,
    },
  ]
}

function ratiosOf(
  rounds: readonly Round[],
  names: readonly [string, string],
  figure: Figure,
): Range | null {
  const ratios = rounds.flatMap((round) => {
    const [over, under] = names.map((name) => overRounds([round], name, figure)?.median)
    return over === undefined || under === undefined ? [] : [over / under]
  })
  return ratios.length === 0 ? null : rangeOf(ratios)
}

function limitTarget(words: string, range: Range | null, limitMs: number): readonly Target[] {
  if (range === null) return []
  return [
    {
      words: `${words} at most ${inTime(limitMs)}`,
      found: inTime(range.median),
      met: range.median <= limitMs,
    },
  ]
}

const leastHitsPerSecond = 8000

function hitTargets(rounds: readonly Round[], name: string): readonly Target[] {
  const rate = overRounds(rounds, name, rateIn(scenarioAt('hit-16')))
  const p50 = percentileIn(scenarioAt('hit-steady'), 'latencyMs', 'p50')
  const latency = limitTarget(`${name}: p50 of an exact hit`, overRounds(rounds, name, p50), 1)
  if (rate === null) return latency
  return [
    {
      words: `${name}: at least ${inWhole(leastHitsPerSecond)} exact hits/s on one core`,
      found: `${inWhole(rate.median)}/s`,
      met: rate.median >= leastHitsPerSecond,
    },
    ...latency,
  ]
}

const mostRssBytes = 150e6

function memoryTargets(rounds: readonly Round[], name: string): readonly Target[] {
  const rss = overRounds(rounds, name, ({ rssBytes }) => rssBytes)
  if (rss === null) return []
  const words = `${name}: less than ${inBytes(mostRssBytes)} of memory after all loads`
  return [{ words, found: inBytes(rss.max), met: rss.max < mostRssBytes }]
}

const mostBlockMs = 5

/** Of a semantic cache of so many entries. */
export function semanticTargets(
  runs: readonly SemanticFound[],
  entries: number,
): readonly Target[] {
  const among = `among ${inWhole(entries)} entries`
  const rangeBy = (of: (run: SemanticFound) => number | undefined) =>
    rangeOf(runs.map((run) => of(run) ?? 0))
  const limit = (words: string, of: (run: SemanticFound) => number | undefined, ms: number) =>
    limitTarget(`${words} ${among}`, rangeBy(of), ms)
  return [
    ...limit('p50 of a semantic look-up', ({ lookUpMs }) => lookUpMs?.p50, 1),
    ...limit('the longest semantic look-up', ({ lookUpMs }) => lookUpMs?.max, mostBlockMs),
    ...limit('the longest new entry', ({ addMs }) => addMs?.max, mostBlockMs),
  ]
}
