import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { clopperPearsonLower } from '../../src/stats/intervals.ts'
import { measure } from './measure.ts'
import type { BenchOptions, Figures, Outcome, Sample, Target } from './outcome.ts'
import { highest, medianOf, rangeOf } from './range.ts'
import { memoryTarget, timeTarget } from './targets.ts'
import type { Measurement } from './vectors-main.ts'
import { newFolder, removeFolder } from './work-folder.ts'

const root = resolve(import.meta.dirname, '../..')

const dimensions = 384
const bytesPerVector = 4 * dimensions
const mostVectors = 100_000
/** Shares of the largest number, so that the growth shows. */
const shares = [0.1, 0.2, 0.5, 1]
const defaultRuns = 1

type Way = {
  readonly name: string
  readonly role: Figures['role']
  readonly words: string
  /** Ways with the same task are compared. */
  readonly task: 'pairs' | 'look-up'
}

const ways: readonly Way[] = [
  { name: 'exact', role: 'measured', words: 'all pairs, exact', task: 'pairs' },
  { name: 'fast', role: 'measured', words: 'all pairs, fast', task: 'pairs' },
  { name: 'loop', role: 'peer', words: 'all pairs, a loop (20 rows of it)', task: 'pairs' },
  { name: 'look-up-exact', role: 'measured', words: 'one look-up, exact', task: 'look-up' },
  { name: 'look-up-fast', role: 'measured', words: 'one look-up, fast', task: 'look-up' },
  { name: 'look-up-sqlite', role: 'peer', words: 'one look-up, sqlite-vec', task: 'look-up' },
]

type Run = Sample & { readonly measured: Measurement }

/** Neighbours of ever more vectors, beside a plain loop and sqlite-vec. Times are without the making of the vectors. */
export async function benchVectors({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const most = Math.floor((sizeBytes ?? mostVectors * bytesPerVector) / bytesPerVector)
  const counts = [...new Set(shares.map((share) => Math.max(2, Math.round(most * share))))]
  const folder = newFolder()
  try {
    const script = await bundle(folder)
    const figures: Figures[] = []
    const targets: Target[] = []
    for (const count of counts) {
      const found = await measureAll({ script, folder, count, runs: runs ?? defaultRuns })
      figures.push(...found.figures)
      targets.push(...targetsFor(count, found.figures, found.recall))
    }
    const input = `${counts.join(', ')} vectors of ${dimensions} dimensions, pairs from 0.80 on`
    return { bench: 'vectors', input, figures, targets }
  } finally {
    removeFolder(folder)
  }
}

/** As it is shipped: bundled, the thread beside it. */
async function bundle(folder: string): Promise<string> {
  await build({
    entryPoints: {
      main: join(root, 'test/bench/vectors-main.ts'),
      'scan-worker': join(root, 'src/vectors/scan-worker.ts'),
    },
    outdir: folder,
    outExtension: { '.js': '.js' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  })
  return join(folder, 'main.js')
}

type Task = {
  readonly script: string
  readonly folder: string
  readonly count: number
  readonly runs: number
}
type Found = { readonly figures: readonly Figures[]; readonly recall: Measurement['recall'] }

/** Runs A B C, A B C …, as all benches do. */
async function measureAll(task: Task): Promise<Found> {
  const all = new Map<Way, Run[]>(ways.map((way) => [way, []]))
  for (let round = 0; round < task.runs; round++) {
    for (const way of ways) {
      process.stderr.write(`  run ${round + 1}: ${way.words} of ${task.count}\n`)
      all.get(way)?.push(await runOnce(way, task))
    }
  }
  const fast = ways.find(({ name }) => name === 'fast')
  return {
    figures: ways.map((way) => figuresOf(way, all, task.count)),
    recall: (fast && all.get(fast)?.at(-1)?.measured.recall) ?? null,
  }
}

async function runOnce(way: Way, { script, folder, count }: Task): Promise<Run> {
  const sample = await measure(
    {
      argv: [process.execPath, script, way.name, String(count)],
      env: { NODE_PATH: join(root, 'node_modules') },
    },
    folder,
  )
  const measured = JSON.parse(sample.stdout) as Measurement
  return {
    ...sample,
    wallMs: measured.ms,
    userMs: measured.userMs,
    sysMs: measured.sysMs,
    measured,
  }
}

function figuresOf(way: Way, all: ReadonlyMap<Way, readonly Run[]>, count: number): Figures {
  const own = all.get(way) ?? []
  const peers = ways.filter(({ role, task }) => role === 'peer' && task === way.task)
  return {
    name: named(way, count),
    role: way.role,
    runs: own.length,
    wallMs: rangeOf(own.map(({ wallMs }) => wallMs)),
    userMs: medianOf(own.map(({ userMs }) => userMs)),
    sysMs: medianOf(own.map(({ sysMs }) => sysMs)),
    peakRssBytes: highest(own.map(({ peakRssBytes }) => peakRssBytes)),
    rowsPerSecond: null,
    ratios:
      way.role === 'peer'
        ? []
        : peers.map((peer) => ({
            to: named(peer, count),
            role: peer.role,
            time: rangeOf(own.map(({ wallMs }, n) => wallMs / (all.get(peer)?.[n]?.wallMs ?? 1))),
            peakRss: null,
          })),
  }
}

const named = ({ words }: Way, count: number): string => `${words}, ${count}`

/** Milliseconds by number of vectors. */
const limits: Readonly<Record<number, { readonly exact: number; readonly fast: number }>> = {
  20000: { exact: 1500, fast: 500 },
  100000: { exact: 25_000, fast: 6000 },
}
const mostMemory = 700e6
const leastRecall = 0.999

function targetsFor(
  count: number,
  figures: readonly Figures[],
  recall: Measurement['recall'],
): readonly Target[] {
  const limit = limits[count]
  const [exact, fast] = figures
  if (limit === undefined || exact === undefined || fast === undefined) return []
  return [
    timeTarget(`${exact.name} below ${limit.exact / 1000} s`, exact, limit.exact),
    timeTarget(`${fast.name} below ${limit.fast / 1000} s`, fast, limit.fast),
    ...memoryTarget(`${exact.name} within 700 MB`, exact, mostMemory),
    ...(recall === null ? [] : [recallTarget(count, recall)]),
  ]
}

/** The lower bound at 95 %, from the true pairs that were sampled. */
function recallTarget(
  count: number,
  { truePairs, found }: NonNullable<Measurement['recall']>,
): Target {
  const bound = clopperPearsonLower({ successes: found, trials: truePairs })
  return {
    words: `${count} vectors: 99.9 % of the pairs are found`,
    found: `${found} of ${truePairs}, so at least ${(100 * bound).toFixed(2)} % at 95 % confidence`,
    met: bound >= leastRecall,
  }
}
