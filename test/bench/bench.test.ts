import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Machine } from './machine.ts'
import type { Outcome } from './outcome.ts'
import { rangeOf } from './range.ts'
import { machineText, outcomeText } from './table.ts'

const root = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'bench-test-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Measured = { readonly machine: Machine; readonly outcomes: readonly Outcome[] }

/** As `npm run bench` does it; how quick anything was is no concern of a test. */
function bench(...args: readonly string[]): Measured {
  const argv = ['--import', 'tsx', join(root, 'test/bench/bench.ts'), ...args, '--json']
  const json = execFileSync(process.execPath, argv, {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return JSON.parse(json) as Measured
}

test.runIf(process.platform !== 'win32')(
  'the benchmarks measure processes beside their floors',
  () => {
    const { machine, outcomes } = bench('startup', 'ingest', '--size', '1e6', '--runs', '1')
    expect(machine.cores).toBeGreaterThan(0)
    expect(machine.node).toBe(process.version)
    expect(outcomes.map((outcome) => outcome.bench)).toEqual(['startup', 'ingest'])
    for (const { figures, targets } of outcomes) {
      const floors = figures.filter(({ role }) => role === 'floor').map(({ name }) => name)
      const measured = figures.filter(({ role }) => role === 'measured')
      expect(floors.length).toBeGreaterThan(0)
      expect(measured.length).toBeGreaterThan(0)
      expect(targets.length).toBeGreaterThan(0)
      for (const one of figures) {
        expect(one.wallMs.median).toBeGreaterThan(0)
        expect(one.peakRssBytes).toBeGreaterThan(1e6)
      }
      for (const { ratios } of measured) {
        expect(ratios.map(({ to }) => to)).toEqual(floors)
        for (const { time } of ratios) expect(time.median).toBeGreaterThan(0)
      }
    }
    expect(outcomes[1]?.figures.every(({ rowsPerSecond }) => Number(rowsPerSecond) > 0)).toBe(true)
    expect(readdirSync(folder).filter((name) => name.includes('bench-run'))).toEqual([])
    expect(machineText(machine)).toContain(`${machine.cores} cores`)
    for (const outcome of outcomes) expect(outcomeText(outcome)).toMatch(/ × the time of floor/)
  },
  120_000,
)

test.each([
  [[3], { min: 3, median: 3, max: 3 }],
  [[3, 1, 2], { min: 1, median: 2, max: 3 }],
  [[4, 1, 2, 10], { min: 1, median: 3, max: 10 }],
])('the range of %j', (values, range) => {
  expect(rangeOf(values)).toEqual(range)
})
