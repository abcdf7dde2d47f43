import { join } from 'node:path'
import { llmcost, nodeFloor } from '../commands.ts'
import { chatLog, firstLines } from '../inputs.ts'
import { interleave } from '../interleave.ts'
import type { BenchOptions, Outcome } from '../outcome.ts'
import { paceIn, paceLog, paceSubject } from '../pace.ts'
import { pacedTargets } from '../targets.ts'
import { newFolder, removeFolder } from '../work-folder.ts'
import { inputWords } from './ingest.ts'

const defaultRuns = 15
const smallLogBytes = 2e6
const smallLogRows = 1000
const help = 'llmcost --help'
const analyze = 'llmcost analyze, 1,000 lines, new store'

/** What a user waits for when there is hardly anything to do, against starting Node for nothing. */
export async function benchStartup({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const byPace = paceLog(sizeBytes)
  const folder = newFolder()
  try {
    const log = firstLines(chatLog(smallLogBytes), smallLogRows, join(folder, 'small.jsonl'))
    const { figures } = await interleave(
      [
        nodeFloor,
        paceSubject(byPace),
        { name: help, role: 'measured', command: () => llmcost('--help') },
        {
          name: analyze,
          role: 'measured',
          command: ({ store }) => llmcost('analyze', log.path, '--db', store, '--quiet'),
        },
      ],
      { runs: runs ?? defaultRuns, warmUps: 1 },
    )
    return {
      bench: 'startup',
      input: inputWords(log),
      figures,
      targets: pacedTargets(figures, { [help]: 100, [analyze]: 300 }, paceIn(figures, byPace)),
    }
  } finally {
    removeFolder(folder)
  }
}
