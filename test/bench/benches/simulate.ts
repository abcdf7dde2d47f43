import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { llmcost, nodeFloor } from '../commands.ts'
import { chatLog } from '../inputs.ts'
import { interleave, type Subject } from '../interleave.ts'
import { measure } from '../measure.ts'
import type { BenchOptions, Figures, Outcome, Target } from '../outcome.ts'
import { type Pace, paceIn, paceLog, paceSubject } from '../pace.ts'
import { pacedTargets } from '../targets.ts'
import { newFolder, removeFolder } from '../work-folder.ts'
import { inputWords } from './ingest.ts'

const defaultRuns = 5
/** Holds a good 100,000 requests. */
const usualBytes = 110e6
/** Fewer are not judged. */
const judgedRows = 100_000
const limitMs = 1000

const first = 'first simulation of a read log'
const further: Readonly<Record<string, readonly string[]>> = {
  'another threshold': ['--threshold', '0.9'],
  'another TTL': ['--ttl', '12h'],
  'another namespace': ['--namespace', 'user'],
}

/**
 * `llmcost simulate` once on a log that was read before, then with other settings: what a user waits for who turns one
 * knob. Every run has a copy of the same store, so that none finds what another kept.
 */
export async function benchSimulate({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const log = chatLog(sizeBytes ?? usualBytes)
  const byPace = paceLog(sizeBytes)
  const folder = newFolder()
  try {
    const [read, simulated] = [join(folder, 'read.db'), join(folder, 'simulated.db')]
    const simulate = (store: string, ...args: readonly string[]) =>
      llmcost('simulate', '--db', store, '--format', 'json', '--quiet', ...args)
    process.stderr.write('  filling a store\n')
    await measure(llmcost('ingest', log.path, '--db', read, '--quiet'), folder)
    copyFileSync(read, simulated)
    await measure(simulate(simulated), folder)
    const subjects: readonly Subject[] = [
      nodeFloor,
      paceSubject(byPace),
      {
        name: first,
        role: 'measured',
        before: ({ store }) => copyFileSync(read, store),
        command: ({ store }) => simulate(store),
      },
      ...Object.entries(further).map(
        ([name, args]): Subject => ({
          name,
          role: 'measured',
          before: ({ store }) => copyFileSync(simulated, store),
          command: ({ store }) => simulate(store, ...args),
        }),
      ),
    ]
    const { figures } = await interleave(subjects, { runs: runs ?? defaultRuns })
    return {
      bench: 'simulate',
      input: inputWords(log),
      figures,
      targets: targetsOf(figures, log.rows >= judgedRows, paceIn(figures, byPace)),
    }
  } finally {
    removeFolder(folder)
  }
}

function targetsOf(figures: readonly Figures[], isJudged: boolean, pace: Pace): readonly Target[] {
  const limits = Object.fromEntries(Object.keys(further).map((name) => [name, limitMs]))
  const targets = pacedTargets(figures, limits, pace)
  return isJudged ? targets : targets.map((target) => ({ ...target, met: null }))
}
