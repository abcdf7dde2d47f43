import { join } from 'node:path'
import { ccusageName, ccusageSubjects } from '../ccusage.ts'
import { llmcost } from '../commands.ts'
import { claudeHistory } from '../inputs.ts'
import { interleave, type Subject } from '../interleave.ts'
import { measure } from '../measure.ts'
import type { BenchOptions, Outcome, Target } from '../outcome.ts'
import { inBytes, inWhole } from '../table.ts'
import { newFolder, removeFolder } from '../work-folder.ts'

const defaultBytes = 260e6
const leastRuns = 5
const cold = 'llmcost analyze, new store'
const warm = 'llmcost analyze, store that has it'
/** Both add up floating-point dollars in their last step. */
const costToleranceUsd = 0.000_001

/** A Claude Code history by day, from nothing and from a store that has read it, against ccusage. */
export async function benchClaude({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const history = claudeHistory(sizeBytes ?? defaultBytes)
  const folder = newFolder()
  try {
    const store = join(folder, 'store.db')
    const analyze = (database: string) => {
      const projects = join(history.folder, 'projects')
      const flags = ['--by', 'day', '--format', 'json', '--quiet']
      return llmcost('analyze', projects, '--db', database, ...flags)
    }
    process.stderr.write('  filling a store\n')
    await measure(analyze(store), folder)
    const subjects: readonly Subject[] = [
      ...ccusageSubjects(history.folder),
      { name: cold, role: 'measured', command: (place) => analyze(place.store) },
      { name: warm, role: 'measured', command: () => analyze(store) },
    ]
    const rounds = { runs: Math.max(leastRuns, runs ?? leastRuns) }
    const { figures, lastOutput } = await interleave(subjects, rounds)
    const theirs = ccusageTotals(lastOutput.get(ccusageName) ?? '')
    const targets = [cold, warm].map((name) =>
      agreement(name, llmcostTotals(lastOutput.get(name) ?? ''), theirs),
    )
    const input = `${inWhole(history.answers)} answers of Claude Code, ${inBytes(history.bytes)}`
    return { bench: 'claude', input, figures, targets }
  } finally {
    removeFolder(folder)
  }
}

type Totals = Readonly<Record<'input' | 'output' | 'cacheRead' | 'cacheWrite' | 'costUsd', number>>
type WireTotals = { readonly totals: Readonly<Record<string, number>> }

function ccusageTotals(json: string): Totals {
  const { totals } = JSON.parse(json) as WireTotals
  return {
    input: totals['inputTokens'] ?? 0,
    output: totals['outputTokens'] ?? 0,
    cacheRead: totals['cacheReadTokens'] ?? 0,
    cacheWrite: totals['cacheCreationTokens'] ?? 0,
    costUsd: totals['totalCost'] ?? 0,
  }
}

function llmcostTotals(json: string): Totals {
  const { totals } = JSON.parse(json) as WireTotals
  return {
    input: totals['inputTokens'] ?? 0,
    output: totals['outputTokens'] ?? 0,
    cacheRead: totals['cacheReadTokens'] ?? 0,
    cacheWrite: (totals['cacheWrite5mTokens'] ?? 0) + (totals['cacheWrite1hTokens'] ?? 0),
    costUsd: totals['costUsd'] ?? 0,
  }
}

/** A report that is quick and wrong is worth nothing. */
function agreement(name: string, ours: Totals, theirs: Totals): Target {
  const met =
    ours.input === theirs.input &&
    ours.output === theirs.output &&
    ours.cacheRead === theirs.cacheRead &&
    ours.cacheWrite === theirs.cacheWrite &&
    Math.abs(ours.costUsd - theirs.costUsd) <= costToleranceUsd
  return {
    words: `${name}: the totals of ccusage, ${totalsWords(theirs)}`,
    found: met ? 'the same' : totalsWords(ours),
    met,
  }
}

const totalsWords = ({ input, output, cacheRead, cacheWrite, costUsd }: Totals): string =>
  `$${costUsd.toFixed(6)}, ${inWhole(input)} input, ${inWhole(output)} output, ${inWhole(cacheRead)} cache read, ${inWhole(cacheWrite)} cache write`
