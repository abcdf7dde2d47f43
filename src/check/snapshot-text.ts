import { isObject, type JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { figuresOf, metricsOf } from './metrics.ts'
import type { Snapshot } from './snapshot.ts'

/** A snapshot as a file: JSON with a line for each scenario and group, so that a diff of two shows what changed. */
export function snapshotText(snapshot: Snapshot): string {
  const parts = Object.entries(snapshot).map(([key, value]) => {
    const inner = inLines(value)
    return `  ${JSON.stringify(key)}: ${inner}`
  })
  return `{\n${parts.join(',\n')}\n}\n`
}

function inLines(value: unknown): string {
  const isList = Array.isArray(value) && value.some(isObject)
  if (isList) return `[\n${value.map((each) => `    ${JSON.stringify(each)}`).join(',\n')}\n  ]`
  if (!isObject(value) || !('costUsd' in value)) return JSON.stringify(value)
  const lines = Object.entries(value).map(
    ([key, inner]) => `    ${JSON.stringify(key)}: ${JSON.stringify(inner)}`,
  )
  return `{\n${lines.join(',\n')}\n  }`
}

/**
 * Reads a snapshot, or what `analyze`, `simulate` and `replay` print with --format json, which has figures but no
 * scenarios. Throws a UserError that names the file.
 */
export function readSnapshot(text: string, path: string): Snapshot {
  const json = parsed(text, path)
  const kind = json['kind']
  if (kind === 'llmcost-snapshot') return checkedSnapshot(json, path)
  if (kind === 'analyze' || kind === 'simulate' || kind === 'replay')
    return reportSnapshot(kind, json, path)
  throw new UserError(`${path} is no snapshot`, { hint: writeAnew(path) })
}

/** A file at a git ref is written beside it, and committed there. */
const writeAnew = (path: string): string =>
  `write one with llmcost check --save ${path.replace(/^[^:]{2,}:/, '')}, or with --format json of analyze, simulate or replay`

function parsed(text: string, path: string): JsonObject {
  try {
    const json: unknown = JSON.parse(text)
    if (isObject(json)) return json
  } catch {
    // Said below.
  }
  if (/^\s*\{\s*"kind"/.test(text))
    throw new UserError(`${path} is no JSON object: it may be cut off`, { hint: writeAnew(path) })
  throw new UserError(`${path} is no snapshot`, {
    hint: `is it a log? llmcost check ${path} --save baseline.json makes a snapshot of it`,
  })
}

/** The shape of what the comparison reads; figures within are numbers wherever this program wrote them. */
function checkedSnapshot(json: JsonObject, path: string): Snapshot {
  const problem = problemOf(json)
  // Version 1 had no cells.
  if (problem === null) return { cells: null, ...(json as object) } as Snapshot
  const isLater = typeof json['version'] === 'number' && json['version'] > 2
  throw new UserError(`${path} is a ${isLater ? 'later' : 'broken'} snapshot: ${problem}`, {
    hint: isLater ? 'update llmcost, or save the baseline anew with this one' : writeAnew(path),
  })
}

const scenarioNumbers = [
  'runs',
  'requests',
  'calls',
  'costNanoUsd',
  'unpriced',
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'outputTokens',
] as const

const groupNumbers = [
  'requests',
  'retries',
  'retryCostNanoUsd',
  'unpriced',
  'servedFromCache',
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'costNanoUsd',
] as const

const totalNumbers = ['requests', 'costNanoUsd', 'unpricedRequests'] as const

function problemOf(json: JsonObject): string | null {
  const { version, source, fingerprints, totals, period } = json as Record<string, unknown>
  const { metrics, scenarios, groups, runs, sample, views, cells } = json as Record<string, unknown>
  if (version !== 1 && version !== 2) return `version ${String(version)} is not known, only 1 and 2`
  const sections = { source, fingerprints, totals, period, metrics, runs }
  for (const [name, value] of Object.entries(sections))
    if (!isObject(value)) return `${name} is missing`
  if (!hasNumbers(totals, totalNumbers)) return 'totals are incomplete'
  const parts: readonly (readonly [boolean, string])[] = [
    [isMetrics(metrics), 'metrics hold what is no number'],
    [isSample(runs), 'runs hold what is no number'],
    [isListOf(scenarios, isScenario), 'scenarios are incomplete'],
    [isListOf(groups, isGroup), 'groups are incomplete'],
    [sample === undefined || isRunSample(sample), 'sample holds what is no number'],
    [version === 1 || isCellList(cells), 'cells are incomplete'],
    [views === undefined || isListOf(views, isView), 'views are incomplete'],
  ]
  return parts.find(([isSound]) => !isSound)?.[1] ?? null
}

const isListOf = (value: unknown, isOne: (each: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isOne)

const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)

const hasNumbers = (value: unknown, names: readonly string[]): boolean =>
  isObject(value) && names.every((name) => isNumber(value[name]))

/** Of what `diff` computes with exactly. */
const hasIntegers = (value: unknown, names: readonly string[]): boolean =>
  isObject(value) && names.every((name) => Number.isSafeInteger(value[name]))

const isSample = (value: unknown): boolean =>
  isObject(value) && isNumber(value['count']) && isListOf(value['samples'], isNumber)

const isScenario = (value: unknown): boolean =>
  hasNumbers(value, scenarioNumbers) && typeof (value as JsonObject)['scenario'] === 'string'

const isGroup = (value: unknown): boolean =>
  hasIntegers(value, groupNumbers) &&
  isSample((value as JsonObject)['runs']) &&
  hasIntegers((value as JsonObject)['costByClass'], classNames)

const tokenNumbers = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
] as const

const classNames = ['input', 'cacheRead', 'cacheWrite', 'output', 'tools', 'other'] as const

const isCellList = (value: unknown): boolean =>
  value === null || (Array.isArray(value) && value.every(isCell))

const isCell = (value: unknown): boolean =>
  hasIntegers(value, ['requests', ...tokenNumbers]) &&
  hasIntegers((value as JsonObject)['costNanoUsd'], [...tokenNumbers, 'whole', 'fees']) &&
  isObject((value as JsonObject)['terms'])

const isMetrics = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every(isNumberOrNull)

const isNumberOrNull = (value: unknown): boolean => value === null || isNumber(value)

const isRunSample = (value: unknown): boolean =>
  isObject(value) &&
  [value['runs'], value['requests']].every((lines) =>
    isListOf(lines, (line) => isListOf(line, isNumberOrNull)),
  )

const isView = (value: unknown): boolean =>
  isObject(value) &&
  hasNumbers(value, ['requests', 'unpriced', 'costNanoUsd']) &&
  isObject(value['where']) &&
  isMetrics(value['metrics']) &&
  isSample(value['runs']) &&
  isListOf(value['scenarios'], isScenario) &&
  (value['sample'] === undefined || isRunSample(value['sample']))

function reportSnapshot(
  kind: 'analyze' | 'simulate' | 'replay',
  json: JsonObject,
  path: string,
): Snapshot {
  const metrics = metricsOf(kind, figuresOf(json))
  const of = (name: string): number => metrics[name] ?? 0
  const { fingerprints, period, generatedAt } = json as Record<string, unknown>
  if (!isObject(fingerprints) || typeof generatedAt !== 'string')
    throw new UserError(`${path} is an incomplete report of ${kind}`, { hint: writeAnew(path) })
  return {
    kind: 'llmcost-snapshot',
    version: 2,
    generatedAt,
    source: { kind, inputs: [path] },
    fingerprints: fingerprints as Snapshot['fingerprints'],
    totals: {
      requests: of('requests'),
      errors: of('totals.errors'),
      inputTokens: of('totals.inputTokens'),
      cacheReadTokens: of('totals.cacheReadTokens'),
      cacheWrite5mTokens: of('totals.cacheWrite5mTokens'),
      cacheWrite1hTokens: of('totals.cacheWrite1hTokens'),
      outputTokens: of('totals.outputTokens'),
      costNanoUsd: Math.round(of('costUsd') * 1e9),
      unpricedRequests: Math.round(of('unpricedShare') * of('requests')),
      estimatedRequests: of('totals.estimatedRequests'),
      servedFromCacheRequests: of('totals.servedFromCacheRequests'),
    },
    period: isObject(period)
      ? (period as unknown as Snapshot['period'])
      : { from: null, to: null, days: 0 },
    metrics,
    scenarioCount: 0,
    scenarios: [],
    groups: [],
    cells: null,
    runs: { count: 0, samples: [] },
  }
}
