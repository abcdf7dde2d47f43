import { expect, test } from 'vitest'
import { benchDecide } from './benches/decide.ts'
import { outcomeText } from './table.ts'

test.runIf(process.platform !== 'win32')(
  'the benchmark of decisions compares both ways, which decide alike',
  async () => {
    const outcome = await benchDecide({ sizeBytes: 2000 * 21 * 8, runs: 1 })
    expect(outcome.input).toBe('2,000 requests, a second apart')
    expect(outcome.figures.map(({ role }) => role)).toEqual(['floor', 'measured', 'measured'])
    expect(outcome.targets.map(({ met }) => met)).toEqual([null, true])
    expect(outcomeText(outcome)).toMatch(/compiled: \S+ × the time of loading the requests/)
  },
  60_000,
)
