import { join } from 'node:path'
import { openDatabase } from '../../../src/store/database.ts'
import { forgetResults } from '../../../src/store/results.ts'
import { llmcost, nodeFloor } from '../commands.ts'
import { chatLog } from '../inputs.ts'
import { interleave, type Subject } from '../interleave.ts'
import { measure } from '../measure.ts'
import type { BenchOptions, Outcome } from '../outcome.ts'
import { paceIn, paceLog, paceSubject } from '../pace.ts'
import { pacedTargets } from '../targets.ts'
import { newFolder, removeFolder } from '../work-folder.ts'
import { chatBytes, inputWords } from './ingest.ts'

const defaultRuns = 5
const again = 'unchanged file again'
const computed = 'unchanged file again, no stored result'
const byFeature = '--by feature'
const byFeatureAndUser = '--by feature,user'

/**
 * `llmcost analyze FILE` on a store that has read the file. The same question is answered from the stored result; a new
 * one is computed, and is made new for every run by forgetting the stored results.
 */
export async function benchSecondAnalyze({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const log = chatLog(sizeBytes ?? chatBytes)
  const byPace = paceLog(sizeBytes)
  const folder = newFolder()
  try {
    const store = join(folder, 'store.db')
    const analyze = (...args: readonly string[]) =>
      llmcost('analyze', log.path, '--db', store, '--quiet', ...args)
    const ask = () => measure(analyze(), folder)
    process.stderr.write('  filling a store\n')
    await ask()
    const fresh = () => forget(store)
    const subjects: readonly Subject[] = [
      nodeFloor,
      paceSubject(byPace),
      // The run before may have left the store without results.
      {
        name: again,
        role: 'measured',
        before: async () => void (await ask()),
        command: () => analyze(),
      },
      { name: computed, role: 'measured', before: fresh, command: () => analyze() },
      {
        name: byFeature,
        role: 'measured',
        before: fresh,
        command: () => analyze('--by', 'feature'),
      },
      {
        name: byFeatureAndUser,
        role: 'measured',
        before: fresh,
        command: () => analyze('--by', 'feature,user'),
      },
    ]
    const { figures } = await interleave(subjects, { runs: runs ?? defaultRuns })
    return {
      bench: 'second-analyze',
      input: inputWords(log),
      figures,
      targets: pacedTargets(
        figures,
        { [again]: 1000, [byFeature]: 1000, [byFeatureAndUser]: 3000 },
        paceIn(figures, byPace),
      ),
    }
  } finally {
    removeFolder(folder)
  }
}

async function forget(store: string): Promise<void> {
  const database = await openDatabase(store)
  try {
    forgetResults(database)
  } finally {
    database.close()
  }
}
