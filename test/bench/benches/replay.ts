import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { llmcost, nodeFloor } from '../commands.ts'
import { chatLog, firstLines, type LogFile } from '../inputs.ts'
import { interleave, type Subject } from '../interleave.ts'
import { measure } from '../measure.ts'
import type { BenchOptions, Outcome, Target } from '../outcome.ts'
import { inBytes, inWhole } from '../table.ts'
import { memoryTarget, timeTarget } from '../targets.ts'
import { newFolder, removeFolder } from '../work-folder.ts'
import { inputWords } from './ingest.ts'

const defaultRuns = 3
/** Holds a good 100,000 requests. */
const usualBytes = 110e6
const fewCases = 500
const manyCases = 50_000
/** The candidate is asked, and the log's own model again. */
const callsPerCase = 2
const shortMs = 5000
const peakRssBytes = 250e6

const policy = `cache: { exact: { on: false }, semantic: { on: false } }
routes:
  - { name: all, when: {}, ladder: [anthropic:claude-haiku-4-5] }
`

/** `llmcost replay` with the mock of its own process: what it costs to ask, to store and to compare, without a model. */
export async function benchReplay({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const log = chatLog(sizeBytes ?? usualBytes)
  const folder = newFolder()
  try {
    const few = await prepare('few', firstLines(log, fewCases, join(folder, 'few.jsonl')), folder)
    const many = await prepare('many', log, folder)
    const short = `${inWhole(fewCases * callsPerCase)} calls`
    const asked = Math.min(manyCases, log.rows)
    const long = `${inWhole(asked * callsPerCase)} calls`
    const { figures } = await interleave(
      [nodeFloor, replayOf(short, few, fewCases, folder), replayOf(long, many, asked, folder)],
      { runs: runs ?? defaultRuns },
    )
    const [, quick, large] = figures
    const targets: Target[] = []
    if (quick) targets.push(timeTarget(`${short} below 5 s`, quick, shortMs))
    if (large) {
      const words = `peak RSS at ${long} below ${inBytes(peakRssBytes)}`
      const isJudged = asked === manyCases
      for (const target of memoryTarget(words, large, peakRssBytes))
        targets.push(isJudged ? target : { ...target, met: null })
    }
    return { bench: 'replay', input: inputWords(log), figures, targets }
  } finally {
    removeFolder(folder)
  }
}

async function prepare(name: string, log: LogFile, folder: string): Promise<string> {
  process.stderr.write(`  filling a store of ${inWhole(log.rows)} requests\n`)
  writeFileSync(join(folder, 'policy.yaml'), policy)
  const store = join(folder, `${name}.db`)
  await measure(llmcost('ingest', log.path, '--db', store, '--quiet'), folder)
  return store
}

/** Each run asks anew: it gets a copy of the store, in which no answer is kept. */
const replayOf = (name: string, filled: string, cases: number, folder: string): Subject => ({
  name,
  role: 'measured',
  before: ({ store }) => copyFileSync(filled, store),
  command: ({ store }) =>
    llmcost(
      ...[
        'replay',
        '--db',
        store,
        '--policy',
        join(folder, 'policy.yaml'),
        '--mock',
        'accuracy=0.8',
      ],
      ...['--scorer', 'normalised', '--sample', String(cases), '--fixed', '--yes', '--quiet'],
      ...['--concurrency', '64', '--format', 'json'],
    ),
})
