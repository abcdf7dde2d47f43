import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { interleave, type Subject } from '../interleave.ts'
import type { BenchOptions, Figures, Outcome, Target } from '../outcome.ts'
import { inWhole } from '../table.ts'
import { newFolder, removeFolder } from '../work-folder.ts'

const root = resolve(import.meta.dirname, '../../..')
const defaultRequests = 300_000
/** Of a history's columns, for each request. */
const bytesPerRequest = 21 * 8
const defaultRuns = 3
const decisionsPerSecond = 300_000
const [load, decide, run] = ['loading the requests', 'request by request', 'compiled']

/** Decisions over a history by its stored keys, no semantic layer: with a receipt each, and on the compiled path. */
export async function benchDecide({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const requests =
    sizeBytes === undefined ? defaultRequests : Math.max(1, Math.floor(sizeBytes / bytesPerRequest))
  const folder = newFolder()
  try {
    const program = await bundle(folder)
    const subject = (name: string, role: Subject['role'], way: string): Subject => ({
      name,
      role,
      command: () => ({ argv: [process.execPath, program, way, String(requests)] }),
    })
    const subjects = [
      subject(load, 'floor', 'load'),
      subject(decide, 'measured', 'decide'),
      subject(run, 'measured', 'run'),
    ]
    const { figures, lastOutput } = await interleave(subjects, { runs: runs ?? defaultRuns })
    const input = `${inWhole(requests)} requests, a second apart`
    const targets = [...rateTarget(figures, requests), sameTarget(lastOutput)]
    return { bench: 'decide', input, figures, targets }
  } finally {
    removeFolder(folder)
  }
}

async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, 'decide-main.mjs')
  await build({
    entryPoints: [join(root, 'test/bench/decide-main.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outfile,
    logLevel: 'error',
  })
  return outfile
}

/** Without what loading the requests takes. */
function rateTarget(figures: readonly Figures[], requests: number): readonly Target[] {
  const medianOf = (name: string) => figures.find((one) => one.name === name)?.wallMs.median
  const [loading, deciding] = [medianOf(load), medianOf(decide)]
  if (loading === undefined || deciding === undefined) return []
  const rate = (1000 * requests) / Math.max(1, deciding - loading)
  return [
    {
      words: `at least ${inWhole(decisionsPerSecond)} decisions/s, loading aside`,
      found: `${inWhole(rate)} decisions/s`,
      met: requests < defaultRequests ? null : rate >= decisionsPerSecond,
    },
  ]
}

function sameTarget(outputs: ReadonlyMap<string, string>): Target {
  const [one, other] = [outputs.get(decide), outputs.get(run)]
  return {
    words: 'both ways decide alike',
    found: one === other ? 'they do' : `${one} and ${other}`,
    met: one === other,
  }
}
