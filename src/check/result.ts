import type { Interval, ResultHead } from '../domain/report.ts'
import type { NoData } from '../policy/governance.ts'
import type { CostDiff } from './diff-result.ts'
import type { SnapshotSource } from './snapshot.ts'

export type CheckVerdict = 'pass' | 'warn' | 'fail' | 'no-data'

/** What `llmcost check` found. Money in dollars, shares 0–1, times ISO 8601, unknown is null. */
export type CheckResult = ResultHead<'check'> & {
  readonly verdict: CheckVerdict
  /** What `no-data` is to mean. */
  readonly noData: NoData
  /** Null where assertions need none and none was given. */
  readonly baseline: CheckedSide | null
  readonly current: CheckedSide
  readonly comparison: Comparison
  readonly findings: readonly Finding[]
  /** New, gone and changed scenarios, the largest difference first; a bounded number. */
  readonly scenarios: readonly ScenarioChange[]
  /** How many scenarios are new, gone or changed in all. */
  readonly scenarioChanges: number
  /** What the change of the cost is made of; null without a baseline, and where a side does not tell. */
  readonly diff: CostDiff | null
}

export type CheckedSide = {
  readonly generatedAt: string
  readonly source: SnapshotSource
  readonly requests: number
  readonly costUsd: number
  readonly scenarios: number
  readonly unpricedRequests: number
}

/** How the two sides were held against each other. */
export type Comparison = {
  /** `exact`: any difference is real; `paired`: by scenario; `unpaired`: two samples of runs; `none`: no baseline. */
  readonly mode: 'exact' | 'paired' | 'unpaired' | 'none'
  readonly pairs: number
  readonly added: number
  readonly gone: number
  readonly renamed: number
  /** Runs of either side, where they are samples. */
  readonly runs: { readonly before: number; readonly after: number }
  /** Of `unpaired`: smaller increases of the cost per run may pass as noise. Null elsewhere and where none is found. */
  readonly detectableIncrease: number | null
  /** The chance that noise alone fails any of the findings. */
  readonly familyLevel: number
}

export type Finding = {
  readonly name: string
  readonly metric: string
  readonly filter: Readonly<Record<string, string>>
  readonly level: 'error' | 'warn'
  /** The bound the figure is held to, in its own unit; null where it cannot be told. */
  readonly expected: number | null
  readonly actual: number | null
  readonly operator: '<' | '<=' | '=' | '>=' | '>'
  readonly baseline: number | null
  /** actual/baseline − 1; null where either is unknown or the baseline is 0. */
  readonly change: number | null
  /** Of `change`, or of a quality that was measured itself; null where the figure is exact or too few runs show it. */
  readonly interval: Interval | null
  /** The typical scenario's change, which a few dear ones do not hide; null unless paired. */
  readonly typicalChange: number | null
  /** Holm's adjusted p-value that noise looks like this; null where no test was needed. */
  readonly pValue: number | null
  readonly outcome: CheckVerdict
  readonly reason: Reason
  readonly pass: boolean
}

/** Why a finding is what it is. */
export type Reason =
  | 'within'
  | 'beyond'
  | 'inside-noise'
  | 'too-few-runs'
  | 'no-test'
  | 'unknown-now'
  | 'unknown-before'
  | 'nothing-priced'
  | 'no-requests'

export type ScenarioChange = {
  readonly scenario: string
  readonly feature: string | null
  readonly change: 'new' | 'gone' | 'changed' | 'renamed'
  /** The former name of a renamed one; null otherwise. */
  readonly formerly: string | null
  /** Dollars per run; null where the scenario was not there. */
  readonly beforeUsd: number | null
  readonly afterUsd: number | null
  readonly differenceUsd: number
  /** Differences per run. Null where one side has none to compare. */
  readonly difference: {
    readonly calls: number
    readonly inputTokens: number
    readonly cacheReadTokens: number
    readonly cacheWriteTokens: number
    readonly outputTokens: number
  } | null
}
