import type { Machine } from './machine.ts'
import type { Column, Figures, Outcome, Ratio, Sheet } from './outcome.ts'

export const inWhole = (value: number): string => Math.round(value).toLocaleString('en-US')

/** Milliseconds below a second, else seconds. */
export const inTime = (ms: number): string =>
  ms < 1000 ? `${inDigits(ms)} ms` : `${(ms / 1000).toFixed(2)} s`

const inDigits = (ms: number): string => ms.toFixed(ms < 1 ? 3 : ms < 100 ? 1 : 0)

export const inBytes = (bytes: number): string =>
  bytes < 1e9
    ? `${(bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0)} MB`
    : `${(bytes / 1e9).toFixed(2)} GB`

/** The machine, as the first lines of a report. */
export function machineText(machine: Machine): string {
  const { cores, model, memoryBytes, system, node, loadAverage, measuredBy } = machine
  const load = loadAverage === null ? 'unknown' : loadAverage.toFixed(2)
  const lines = [
    `${cores} cores, ${model}, ${inBytes(memoryBytes)} memory, ${system}, Node ${node}`,
    `load average ${load}; CPU time and memory by ${measuredBy}`,
    ...machine.warnings.map((warning) => `warning: ${warning}`),
  ]
  return `${lines.join('\n')}\n`
}

const headings = ['', 'runs', 'min', 'median', 'max', 'user', 'sys', 'peak RSS', 'rows/s']

/** One bench: its tables, the ratios below them, the targets last. */
export function outcomeText(outcome: Outcome): string {
  const { bench, input, figures, targets, sheets = [], notes = [] } = outcome
  const verdicts = targets.map(
    ({ words, found, met }) => `  ${verdictOf(met)}: ${found}; target: ${words}`,
  )
  const ratios = figures.flatMap((one) => one.ratios.map((ratio) => ratioText(one, ratio)))
  const lines = [
    `${bench}: ${input}`,
    ...(figures.length === 0 ? [] : aligned([headings, ...figures.map(cellsOf)])),
    ...ratios,
    ...sheets.flatMap(sheetLines),
    ...notes.map((note) => `  note: ${note}`),
    ...verdicts,
  ]
  return `\n${lines.join('\n')}\n`
}

/** Medians; the range of all rounds is in the JSON. */
function sheetLines({ title, columns, rows }: Sheet): readonly string[] {
  const cells = rows.map(({ name, values }) => [
    name,
    ...columns.map(({ key, unit }) => known(values[key]?.median ?? null, inUnit[unit])),
  ])
  return ['', ...aligned([[title, ...columns.map(({ heading }) => heading)], ...cells])]
}

const inUnit: Readonly<Record<Column['unit'], (value: number) => string>> = {
  'per-second': inWhole,
  milliseconds: (ms) => inTime(ms),
  bytes: (bytes) => inBytes(bytes),
}

function verdictOf(met: boolean | null): string {
  if (met === null) return 'too small to tell'
  return met ? 'met' : 'missed'
}

function cellsOf({ name, runs, wallMs, userMs, sysMs, ...rest }: Figures): readonly string[] {
  const times = [wallMs.min, wallMs.median, wallMs.max, userMs, sysMs]
  return [
    name,
    String(runs),
    ...times.map((ms) => known(ms, inTime)),
    known(rest.peakRssBytes, inBytes),
    known(rest.rowsPerSecond, inWhole),
  ]
}

function ratioText({ name }: Figures, { to, time, peakRss }: Ratio): string {
  const range = `${inTimes(time.min)}–${inTimes(time.max)}`
  const memory = peakRss === null ? '' : `, ${peakRss.toFixed(2)} × its memory`
  return `  ${name}: ${inTimes(time.median)} × the time of ${to} (${range})${memory}`
}

/** Hundredths; where that leaves nothing, the first digit. */
const inTimes = (ratio: number): string => (ratio < 0.1 ? ratio.toPrecision(1) : ratio.toFixed(2))

const known = (value: number | null, format: (value: number) => string): string =>
  value === null ? '-' : format(value)

/** Names to the left, figures to the right. */
function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    return `  ${cells.join('  ')}`.trimEnd()
  })
}
