import type { NanoUsd } from '../domain/money.ts'
import type { CachePolicy, PrefixPolicy } from './caching.ts'
import type {
  Alerts,
  Assertion,
  Budget,
  FailurePolicy,
  LoopGuard,
  NoData,
  Privacy,
  Timeouts,
} from './governance.ts'
import type { BatchRule, CompressStep, OutputCap, SelfHosted } from './levers.ts'
import type { Classifiers, Route, Speculative, Sticky, Tiers } from './routing.ts'
import type { ServePolicy } from './serving.ts'

/**
 * What is decided about a request, fully defaulted: history, a sample and live traffic are decided by
 * the same value. Read from a file by `parsePolicy`; `defaultPolicy` is what holds without one.
 */
export type Policy = {
  readonly cache: CachePolicy
  /** Identical requests in flight share one call. */
  readonly coalesce: boolean
  readonly prefix: PrefixPolicy
  readonly tiers: Tiers
  readonly classifiers: Classifiers
  /** The first that holds decides; none: every request goes where it was meant to. */
  readonly routes: readonly Route[]
  readonly sticky: Sticky
  readonly speculative: Speculative
  readonly failure: FailurePolicy
  readonly timeouts: Timeouts
  readonly budgets: readonly Budget[]
  readonly loopGuard: LoopGuard
  readonly alerts: Alerts
  readonly privacy: Privacy
  readonly compress: readonly CompressStep[]
  readonly batch: readonly BatchRule[]
  readonly outputCaps: readonly OutputCap[]
  readonly selfHosted: readonly SelfHosted[]
  /** Price overrides as they stand in the file; the price book reads them. */
  readonly prices: readonly unknown[]
  readonly check: CheckPolicy
  readonly serve: ServePolicy
  /** What a customer pays a month, by plan. */
  readonly planPricesNanoUsd: Readonly<Record<string, NanoUsd>>
  /** A user who costs more a month is worth an alert. */
  readonly userLimitNanoUsd: NanoUsd | null
  /** Files with what models are known to answer: scores, replays. */
  readonly evidence: readonly string[]
  /** Of days, weeks and months: budget windows, alerts. */
  readonly timezone: string
}

export type CheckPolicy = {
  readonly assertions: readonly Assertion[]
  readonly noData: NoData
  /** Runs are recorded or mocked: a difference is no noise, however few show it. */
  readonly exact: boolean
}
