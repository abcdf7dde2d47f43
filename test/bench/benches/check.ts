import { join } from 'node:path'
import type { CheckResult } from '../../../src/check/result.ts'
import type { Snapshot } from '../../../src/check/snapshot.ts'
import {
  checked,
  normals,
  pairedRuns,
  scenarioCount,
  unpairedRun,
} from '../../support/noisy-runs.ts'
import { llmcost, nodeFloor } from '../commands.ts'
import { chatLog } from '../inputs.ts'
import { interleave, type Subject } from '../interleave.ts'
import { measure } from '../measure.ts'
import type { BenchOptions, Figures, Outcome, Target } from '../outcome.ts'
import { inWhole } from '../table.ts'
import { newFolder, removeFolder } from '../work-folder.ts'
import { chatBytes, inputWords } from './ingest.ts'

const defaultRuns = 3

/** Pairs of runs of which something is to be caught, or not. */
const times = 200
const leastCaught = 190
const mostFalse = 6
const leastDetected = 0.85
const trueRise = 0.1

/** How often a check is right about noisy runs whose truth is known, and how long one takes on a store. */
export async function benchCheck({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const log = chatLog(sizeBytes ?? chatBytes)
  return {
    bench: 'check',
    input: `${inWhole(times)} pairs of runs, each of ${inWhole(scenarioCount)} log-normal scenarios (σ 1.5, noise of a run 0.4); ${inputWords(log)}`,
    figures: await timed(log.path, runs ?? defaultRuns),
    targets: [...pairedTargets(), ...unpairedTargets()],
  }
}

async function timed(path: string, runs: number): Promise<readonly Figures[]> {
  const folder = newFolder()
  try {
    const store = join(folder, 'store.db')
    const baseline = join(folder, 'baseline.json')
    const ask = (...args: readonly string[]) =>
      llmcost('check', path, '--db', store, '--quiet', ...args)
    await measure(ask('--save', baseline), folder)
    const bounds = ['--max-increase', '1000%']
    const subjects: readonly Subject[] = [
      nodeFloor,
      {
        name: '--baseline FILE',
        role: 'measured',
        command: () => ask('--baseline', baseline, ...bounds),
      },
      {
        name: '--baseline 14d..7d',
        role: 'measured',
        command: () => ask('--baseline', '14d..7d', ...bounds),
      },
    ]
    return (await interleave(subjects, { runs })).figures
  } finally {
    removeFolder(folder)
  }
}

const hasFailed = ({ verdict }: CheckResult): boolean => verdict === 'fail'

function pairedTargets(): readonly Target[] {
  const failed = (rise: number) =>
    count((run) => hasFailed(checked(...pairedRuns(rise, `${rise} ${run}`))))
  const [caught, falsely] = [failed(trueRise), failed(0)]
  return [
    {
      words: `paired: a true rise of 10 % is caught in ${leastCaught} of ${times} at least`,
      found: `${caught}`,
      met: caught >= leastCaught,
    },
    falseTarget('paired', falsely),
  ]
}

function unpairedTargets(): readonly Target[] {
  const rises: number[] = []
  const falsely = count((run) => {
    const [before, same] = unpairedPair(run, 0)
    const result = checked(before, same)
    rises.push(result.comparison.detectableIncrease ?? 0)
    return hasFailed(result)
  })
  const caught = count((run) => hasFailed(checked(...unpairedPair(run, rises[run] ?? 0))))
  const mean = rises.reduce((sum, rise) => sum + rise, 0) / rises.length
  return [
    {
      words: `unpaired: the detectable increase it prints is caught in ${leastDetected * 100} % at least`,
      found: `${((caught / times) * 100).toFixed(1)} %, of ${(mean * 100).toFixed(0)} % on average`,
      met: caught >= leastDetected * times,
    },
    falseTarget('unpaired', falsely),
  ]
}

function unpairedPair(run: number, rise: number): readonly [Snapshot, Snapshot] {
  const normal = normals(`unpaired ${run} ${rise > 0}`)
  const before = unpairedRun(normals(`unpaired ${run}`), 'before', 1)
  return [before, unpairedRun(normal, 'after', 1 + rise)]
}

const falseTarget = (mode: string, found: number): Target => ({
  words: `${mode}: where nothing changed it fails in ${mostFalse} of ${times} at most`,
  found: `${found}`,
  met: found <= mostFalse,
})

const count = (holds: (run: number) => boolean): number =>
  Array.from({ length: times }, (_, run) => holds(run)).filter(Boolean).length
