import type { NamedSnapshot } from '../check/diff.ts'
import type { Snapshot, SnapshotCell } from '../check/snapshot.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import { periodOf } from '../simulate/period.ts'
import { loggedRequests, type PolicyRequest, policyRequests } from '../simulate/policy-calls.ts'
import type { History } from '../worlds/history.ts'
import { isoNow } from './clock.ts'
import { zoneOf } from './common-options.ts'
import type { DiffFlags, SideWord } from './diff-flags.ts'
import { inputsOf, warningsOf } from './input-summary.ts'
import { interruptible } from './interrupt.ts'
import { interruptedCode, rejectedCode } from './load-codes.ts'
import { narrowing } from './log-snapshot.ts'
import { openLogs } from './logs.ts'
import { differingRequests, policyCells } from './policy-cells.ts'
import type { RunPrices } from './price-book.ts'
import { policiesInForce, type SimulateFlags } from './simulate-policies.ts'
import { type Opened, openSimulation } from './simulation.ts'
import type { Terminal } from './terminal.ts'

export type ComparedPolicies = {
  readonly sides: readonly NamedSnapshot[]
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
}

/** Simulates one or two policies, or what was paid beside one, over the same logs. */
export async function comparePolicies(
  words: readonly SideWord[],
  flags: DiffFlags,
  terminal: Terminal,
  prices: RunPrices,
): Promise<ComparedPolicies | { readonly code: number }> {
  const files = flags.log ?? []
  const { format: _, log: __, reprice: ___, ...given } = flags
  const names = words.flatMap(({ kind, name }) => (kind === 'policy' ? [name] : []))
  const asked: SimulateFlags = { ...given, policy: names }
  const policies = policiesInForce(asked, terminal, prices)
  const logs = await openLogs(files, flags, terminal, prices)
  try {
    if (logs.interrupted) return { code: interruptedCode(terminal) }
    const code = rejectedCode(logs, flags, terminal)
    if (code !== 0) return { code }
    const { database } = logs.store
    const [inputs, warnings] = [inputsOf(database, logs), warningsOf(database, logs)]
    const zone = zoneOf(flags.tz)
    const job = { files, flags: asked, terminal, prices, policies, grid: [], zone, logs }
    const ran = await interruptible(terminal, async (signal) => {
      const simulation = await openSimulation(job)
      const runs: Ran[] = []
      for (const { kind, name } of words) {
        const { policy } = policies.find((each) => each.name === name) ?? policies[0]
        const opened = await simulation.open(policy, signal)
        runs.push(kind === 'policy' ? ranBy(name, opened) : paid(name, opened))
      }
      return runs
    })
    const [first, second] = ran
    const sides = ran.map((each) => {
      const isSecond = each === second && first !== undefined
      const dearest = isSecond ? differingRequests(each.history, first.requests, each.requests) : []
      return {
        name: each.name,
        snapshot: {
          ...snapshotOf(each, prices, { files, zone, generatedAt: isoNow(terminal) }),
          ...narrowing(flags),
        },
        dearest,
      }
    })
    return { sides, inputs, warnings }
  } finally {
    logs.store.close()
  }
}

type Ran = {
  readonly name: string
  readonly history: History
  readonly fingerprints: Snapshot['fingerprints']
  readonly requests: readonly PolicyRequest[]
}

function ranBy(name: string, { history, beyond, options }: Opened): Ran {
  const { fingerprints } = options
  return { name, history, fingerprints, requests: policyRequests(history, beyond, options) }
}

/** Under no policy. */
function paid(name: string, { history, options }: Opened): Ran {
  const fingerprints = { ...options.fingerprints, policy: null, embedder: null }
  return { name, history, fingerprints, requests: loggedRequests(history) }
}

type Made = {
  readonly files: readonly string[]
  readonly zone: string
  readonly generatedAt: string
}

function snapshotOf(
  { history, fingerprints, requests }: Ran,
  { book }: RunPrices,
  { files, zone, generatedAt }: Made,
): Snapshot {
  const cells = policyCells(history, requests, book)
  const sum = (value: (cell: SnapshotCell) => number) =>
    cells.reduce((total, cell) => total + value(cell), 0)
  const costNanoUsd = requests.reduce((total, request) => total + request.costNanoUsd, 0)
  return {
    kind: 'llmcost-snapshot',
    version: 2,
    generatedAt,
    source: { kind: 'simulate', inputs: files },
    fingerprints,
    totals: {
      requests: history.count,
      errors: sum(({ failed, requests: count }) => (failed ? count : 0)),
      inputTokens: sum((cell) => cell.inputTokens),
      cacheReadTokens: sum((cell) => cell.cacheReadTokens),
      cacheWrite5mTokens: sum((cell) => cell.cacheWrite5mTokens),
      cacheWrite1hTokens: sum((cell) => cell.cacheWrite1hTokens),
      outputTokens: sum((cell) => cell.outputTokens),
      costNanoUsd,
      unpricedRequests: sum(({ pricing, requests: count }) => (pricing === 'unpriced' ? count : 0)),
      estimatedRequests: 0,
      servedFromCacheRequests: sum(({ pricing, requests: count }) =>
        pricing === 'cache' ? count : 0,
      ),
    },
    period: periodOf(history, zone),
    metrics: {},
    scenarioCount: 0,
    scenarios: [],
    groups: [],
    cells,
    runs: { count: 0, samples: [] },
  }
}
