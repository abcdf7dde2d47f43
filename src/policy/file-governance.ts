import * as z from 'zod'
import type { NanoUsd } from '../domain/money.ts'
import { fallbackTargets } from './fallback-targets.ts'
import { timeoutClassNames, when } from './file-when.ts'
import {
  type AlertRule,
  type Alerts,
  alertMetrics,
  type Breaker,
  type Budget,
  budgetScopes,
  type FailurePolicy,
  type Fallback,
  type LoopGuard,
  type Overflow,
  type Privacy,
  type Retries,
  type TimeoutClass,
  type TimeoutRule,
  type Timeouts,
} from './governance.ts'
import { defaulted, optional, required, section } from './section.ts'
import {
  boolean,
  count,
  listOf,
  milliseconds,
  names,
  nullable,
  number,
  oneOf,
  orOff,
  positive,
  recordOf,
  seconds,
  share,
  text,
  usd,
} from './values.ts'
import type { TimeoutClassName } from './when.ts'

const retries = section<Retries>({
  attempts: defaulted(count, 2, 'Attempts after the first; 0: none.'),
  initialMs: defaulted(milliseconds, 200, 'The first wait, doubled each time, with jitter.', {
    name: 'initial',
  }),
  maxMs: defaulted(milliseconds, 2000, 'The longest wait.', { name: 'max' }),
  totalMs: defaulted(milliseconds, 30_000, 'All attempts together, Retry-After included.', {
    name: 'total',
  }),
})

const fallback = section<Fallback>({
  on: defaulted(boolean, false, "Whether another vendor's model is asked."),
  targets: defaulted(recordOf(names), fallbackTargets, 'By target: those to ask instead.'),
  stale: defaulted(boolean, false, 'Serve the last good cached answer, marked stale.'),
  staticAnswer: defaulted(nullable(z.string()), null, 'The last resort before an error 503.'),
})

const breaker = section<Breaker>({
  on: defaulted(boolean, true, 'Whether a failing target is left alone for a while.'),
  failures: defaulted(positive, 5, 'Failures in a row that open it.'),
  openSeconds: defaulted(seconds, 60, 'How long it stays open; then one probe decides.', {
    name: 'open',
  }),
})

const overflow = section<Overflow>({
  target: required(text, 'A self-hosted target.'),
  maxInFlight: defaulted(orOff(positive), null, 'Requests at the same time.'),
  maxQueueMs: defaulted(orOff(milliseconds), null, 'Time in its queue.', { name: 'maxQueue' }),
  to: required(text, 'Where the rest goes.'),
})

export const failure = section<FailurePolicy>({
  retries: defaulted(retries, retries.parse({}), 'The same target again.'),
  fallback: defaulted(fallback, fallback.parse({}), 'Another target instead.'),
  breaker: defaulted(breaker, breaker.parse({}), 'No target for a while.'),
  overflow: defaulted(listOf(overflow), [], 'From a busy target to the next.'),
})

type Limits = Pick<TimeoutClass, 'firstTokenMs' | 'streamMs' | 'wholeMs' | 'idleMs' | 'retries'>

function timeoutClass(limits: Limits): z.ZodType<TimeoutClass> {
  const limit = orOff(milliseconds)
  return section<TimeoutClass>({
    firstTokenMs: defaulted(limit, limits.firstTokenMs, 'Of a stream, to the first token.', {
      name: 'firstToken',
    }),
    streamMs: defaulted(limit, limits.streamMs, 'Of a stream, in all.', { name: 'stream' }),
    wholeMs: defaulted(limit, limits.wholeMs, 'Of an answer in one piece.', { name: 'whole' }),
    idleMs: defaulted(limit, limits.idleMs, 'Between two chunks.', { name: 'idle' }),
    retries: defaulted(boolean, limits.retries, 'Whether it is tried again.'),
  })
}

const none = { firstTokenMs: null, streamMs: null, wholeMs: null, idleMs: null }
const classes = {
  interactive: timeoutClass({
    firstTokenMs: 3000,
    streamMs: 30_000,
    wholeMs: 15_000,
    idleMs: null,
    retries: true,
  }),
  batch: timeoutClass({ ...none, streamMs: 60_000, wholeMs: 60_000, retries: false }),
  passthrough: timeoutClass({ ...none, idleMs: 120_000, retries: true }),
}

/** In the file the classes stand beside `default` and `rules`. */
type FileTimeouts = Pick<Timeouts, 'default' | 'rules'> & Timeouts['classes']

const flatTimeouts = section<FileTimeouts>({
  default: defaulted(
    oneOf([...timeoutClassNames, 'auto']),
    'auto',
    'auto: passthrough for a named model without route, else interactive.',
  ),
  interactive: defaulted(classes.interactive, classes.interactive.parse({}), 'Somebody waits.'),
  batch: defaulted(classes.batch, classes.batch.parse({}), 'Nobody waits.'),
  passthrough: defaulted(classes.passthrough, classes.passthrough.parse({}), 'Agents at work.'),
  rules: defaulted(
    listOf(
      section<TimeoutRule>({
        when: required(when, 'The condition.'),
        class: required(oneOf<TimeoutClassName>(timeoutClassNames), 'The class.'),
      }),
    ),
    [],
    'The first whose condition holds decides.',
  ),
})

export const timeouts: z.ZodType<Timeouts> = z.codec(flatTimeouts, z.custom<Timeouts>(), {
  decode: ({ default: standard, rules, ...rest }) => ({ default: standard, classes: rest, rules }),
  encode: ({ default: standard, classes: rest, rules }) => ({ default: standard, rules, ...rest }),
})

/** A budget whose name may be missing: it is then known by scope and window. */
export type FileBudget = Omit<Budget, 'name'> & { readonly name?: string }

export const budget = section<FileBudget>({
  name: optional(text, 'What it is called in reports.'),
  scope: required(oneOf(budgetScopes), 'Whose spend is counted.'),
  window: required(oneOf(['day', 'week', 'month', 'lifetime']), 'Over what time.'),
  limitNanoUsd: required(usd as z.ZodType<NanoUsd>, 'The limit.', { name: 'limit' }),
  action: defaulted(
    oneOf(['alert', 'downgrade', 'block']),
    'alert',
    'downgrade: to the smallest tier; block: error 429.',
  ),
  mode: defaulted(oneOf(['hard', 'soft']), 'soft', 'hard: spend never passes the limit.'),
  when: defaulted(when, {}, 'Only these requests count.'),
})

export const loopGuard = section<LoopGuard>({
  maxCalls: defaulted(orOff(positive), null, 'Calls in one trace.'),
  maxNanoUsd: defaulted(orOff(usd), null, 'Spend of one trace.', { name: 'maxUsd' }),
  maxSimilarInRow: defaulted(orOff(positive), null, 'Nearly identical calls in a row.'),
  action: defaulted(oneOf(['alert', 'block']), 'alert', 'What happens then.'),
})

/** In the file an alert is one metric with one bound. */
type FileAlert = {
  readonly metric: AlertRule['metric']
  readonly above?: number
  readonly below?: number
}

const limit: z.ZodType<number> = z.union([number, share])

const alert: z.ZodType<AlertRule> = z.codec(
  section<FileAlert>({
    metric: required(oneOf(alertMetrics), 'What is watched.'),
    above: optional(limit, 'Alert above this.'),
    below: optional(limit, 'Alert below this.'),
  }),
  z.custom<AlertRule>(),
  {
    decode({ metric, above, below }, context): AlertRule {
      if (above !== undefined && below === undefined) return { metric, side: 'above', limit: above }
      if (below !== undefined && above === undefined) return { metric, side: 'below', limit: below }
      context.issues.push({
        code: 'custom',
        input: { metric, above, below },
        message: 'needs one bound',
        params: { hint: 'give it `above` or `below`' },
      })
      return z.NEVER
    },
    encode: ({ metric, side, limit: bound }) => ({ metric, [side]: bound }),
  },
)

/** The action thresholds that practitioners publish for these metrics. */
const defaultAlerts: readonly AlertRule[] = [
  { metric: 'dayOverMeanFactor', side: 'above', limit: 2 },
  { metric: 'userOverMedianFactor', side: 'above', limit: 10 },
  { metric: 'hitRate', side: 'below', limit: 0.25 },
  { metric: 'topTierShare', side: 'above', limit: 0.3 },
  { metric: 'escalationRate', side: 'above', limit: 0.15 },
  { metric: 'p95LatencyFactor', side: 'above', limit: 2 },
  { metric: 'budgetRejectionRate', side: 'above', limit: 0.01 },
]

export const alerts = section<Alerts>({
  rules: defaulted(listOf(alert), defaultAlerts, 'What is watched; a list replaces the default.'),
  webhook: defaulted(nullable(z.string()), null, 'Alerts are posted here too.'),
})

const content = oneOf(['full', 'hash', 'none'])

export const privacy = section<Privacy>({
  content: defaulted(
    oneOf(['auto', 'full', 'hash', 'none']),
    'auto',
    'What is kept of prompts and answers; auto: full on loopback, hash elsewhere.',
  ),
  contentByKey: defaulted(recordOf(content), {}, 'By name of a gateway key.'),
  redact: defaulted(boolean, false, 'Replaces e-mail, phone, card, key and IP patterns.'),
})
