import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import type { LogFile } from '../inputs.ts'
import { measure } from '../measure.ts'
import type { BenchOptions, Figures, Outcome, Sample, Target } from '../outcome.ts'
import { type Pace, paceLog, paceMs, paceOf, referenceRowsPerSecond } from '../pace.ts'
import { highest, medianOf, rangeOf } from '../range.ts'
import type { Measurement } from '../sweep-main.ts'
import { inWhole } from '../table.ts'
import { pacedTarget } from '../targets.ts'
import { newFolder, removeFolder } from '../work-folder.ts'

const root = resolve(import.meta.dirname, '../../..')
/** A request has some 32 neighbours, each a number of 4 bytes and a similarity of 8. */
const bytesPerRequest = 32 * 12
const mostRequests = 100_000
/** A tenth beside the whole, so that the growth shows. */
const shares = [0.1, 1]
const defaultRuns = 3
/** The least requests at which a target means anything. */
const targetsFrom = 100_000

type Way = {
  readonly name: string
  readonly words: string
  /** Decisions count where every request is decided at every threshold. */
  readonly decides: boolean
}

const ways: readonly Way[] = [
  { name: 'every', words: 'every threshold', decides: false },
  { name: 'grid', words: '1,000 thresholds, a run each', decides: true },
  { name: 'lru', words: '1,000 thresholds, a run each, with a capacity', decides: true },
  { name: 'prepare', words: 'making the arrays', decides: false },
]

type Run = Sample & { readonly measured: Measurement }
type Measured = { readonly way: Way; readonly requests: number; readonly runs: readonly Run[] }

/** Threshold sweeps over a made-up log. Times are without the making of the log and its neighbours. */
export async function benchSweep({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const most = Math.floor((sizeBytes ?? mostRequests * bytesPerRequest) / bytesPerRequest)
  const counts = [...new Set(shares.map((share) => Math.max(1, Math.round(most * share))))]
  const byPace = paceLog(sizeBytes)
  const folder = newFolder()
  try {
    const script = await bundle(folder)
    const measured: Measured[] = []
    const paces: number[] = []
    for (const requests of counts)
      measured.push(
        ...(await measureAll({
          script,
          folder,
          requests,
          runs: runs ?? defaultRuns,
          byPace,
          paces,
        })),
      )
    const figures = measured.map(figuresOf)
    const pace = paceOf(rangeOf(paces).median, byPace)
    return {
      bench: 'sweep',
      input: measured
        .filter(({ way }) => way.name === 'every')
        .map(inputWords)
        .join('; '),
      figures,
      targets: [...targetsOf(measured, figures, pace), ...growth(measured, most)],
    }
  } finally {
    removeFolder(folder)
  }
}

/** As it is shipped: bundled, the thread beside it. */
async function bundle(folder: string): Promise<string> {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  await build({
    entryPoints: {
      main: join(root, 'test/bench/sweep-main.ts'),
      'grid-worker': join(root, 'src/simulate/grid-worker.ts'),
    },
    outdir: folder,
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
  readonly requests: number
  readonly runs: number
  readonly byPace: LogFile
  /** Milliseconds that floor (b) took, a run in each round. */
  readonly paces: number[]
}

/** Runs A B C, A B C …, as all benches do. */
async function measureAll(task: Task): Promise<readonly Measured[]> {
  const { script, folder, requests, runs } = task
  const all = new Map<Way, Run[]>(ways.map((way) => [way, []]))
  for (let round = 0; round < runs; round++) {
    task.paces.push(await paceMs(task.byPace))
    for (const way of ways) {
      process.stderr.write(`  run ${round + 1}: ${way.words} of ${requests} requests\n`)
      const argv = [process.execPath, script, way.name, String(requests)] as const
      const sample = await measure({ argv }, folder)
      const measured = JSON.parse(sample.stdout) as Measurement
      all.get(way)?.push({
        ...sample,
        wallMs: measured.ms,
        userMs: measured.userMs,
        sysMs: measured.sysMs,
        measured,
      })
    }
  }
  return [...all].map(([way, own]) => ({ way, requests, runs: own }))
}

function figuresOf({ way, requests, runs }: Measured): Figures {
  const wallMs = rangeOf(runs.map((run) => run.wallMs))
  return {
    name: named(way, requests),
    role: 'measured',
    runs: runs.length,
    wallMs,
    userMs: medianOf(runs.map(({ userMs }) => userMs)),
    sysMs: medianOf(runs.map(({ sysMs }) => sysMs)),
    peakRssBytes: highest(runs.map(({ peakRssBytes }) => peakRssBytes)),
    rowsPerSecond: null,
    ratios: [],
  }
}

const named = ({ words }: Way, requests: number): string => `${words}, ${inWhole(requests)}`

function inputWords({ requests, runs }: Measured): string {
  const [first] = runs
  const pairs = inWhole(first?.measured.pairs ?? 0)
  const thresholds = inWhole(first?.measured.thresholds ?? 0)
  return `${inWhole(requests)} requests, ${pairs} similar pairs, ${thresholds} thresholds`
}

const everyLimitMs = 4000
const decisionsPerSecond = 20e6

function targetsOf(
  measured: readonly Measured[],
  figures: readonly Figures[],
  pace: Pace,
): readonly Target[] {
  return measured.flatMap((one, index) => {
    const own = figures[index] as Figures
    if (one.way.name === 'every' && one.requests >= targetsFrom)
      return [pacedTarget(own, everyLimitMs, pace)]
    return one.way.decides ? [decisionTarget(one, own, pace)] : []
  })
}

function decisionTarget({ requests, runs }: Measured, figures: Figures, pace: Pace): Target {
  const decisions = requests * (runs[0]?.measured.thresholds ?? 0)
  const perSecond = (decisions / figures.wallMs.median) * 1000
  const hereLimit = decisionsPerSecond * pace.share
  return {
    words: `${figures.name}: at least ${inMillions(decisionsPerSecond)} decisions/s where floor (b) reaches ${inWhole(referenceRowsPerSecond)} rows/s; here ${inMillions(hereLimit)}`,
    found: `${inMillions(perSecond)} decisions/s`,
    met: requests < targetsFrom || !pace.isJudged ? null : perSecond >= hereLimit,
  }
}

const inMillions = (value: number): string => `${(value / 1e6).toFixed(1)} million`

/** How much longer the whole takes than its tenth. */
function growth(measured: readonly Measured[], most: number): readonly Target[] {
  const medianAt = (way: Way, isMost: boolean) =>
    measured
      .filter((one) => one.way === way && (one.requests === most) === isMost)
      .map(({ runs }) => rangeOf(runs.map(({ wallMs }) => wallMs)).median)[0]
  return ways.flatMap((way) => {
    const [tenth, whole] = [medianAt(way, false), medianAt(way, true)]
    if (tenth === undefined || whole === undefined) return []
    const times = whole / tenth
    return [
      {
        words: `${way.words}: ten times the requests take at most 20 times as long`,
        found: `${times.toFixed(1)} times`,
        met: most < targetsFrom ? null : times <= mostGrowth,
      },
    ]
  })
}

/** Twice the growth of the input: memory gets slower where it no longer fits near the processor. */
const mostGrowth = 20
