import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { hasTime } from './measure.ts'

export type Machine = {
  readonly cores: number
  readonly model: string
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
  /** Processes waiting for a core, over the last minute; null where the system does not tell. */
  readonly loadAverage: number | null
  readonly measuredBy: string
  readonly warnings: readonly string[]
}

/** Above this something else is at work, and figures say little. */
const quietLoad = 0.5

/** Where the figures were made: they mean nothing without it. */
export function readMachine(): Machine {
  const loadAverage = process.platform === 'win32' ? null : (loadavg()[0] ?? null)
  const processors = cpus()
  return {
    cores: processors.length,
    model: processors[0]?.model.trim() ?? 'unknown processor',
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    loadAverage,
    measuredBy: hasTime() ? '/usr/bin/time' : 'process.resourceUsage',
    warnings: warningsAbout(loadAverage),
  }
}

function warningsAbout(loadAverage: number | null): readonly string[] {
  const warnings: string[] = []
  if (loadAverage !== null && loadAverage > quietLoad)
    warnings.push(
      `the load average is ${loadAverage.toFixed(2)}: something else is running, and times come out too high; run again on a quiet machine (below ${quietLoad})`,
    )
  if (!hasTime())
    warnings.push(
      'there is no GNU time at /usr/bin/time: CPU time and memory of processes other than Node are unknown (Debian: apt-get install time)',
    )
  return warnings
}
