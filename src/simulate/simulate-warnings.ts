import { flag } from '../domain/row.ts'
import type { CachePolicy } from '../policy/caching.ts'
import { mayCompare, mayMatch } from '../policy/layers-in-use.ts'
import type { LogFacts } from '../policy/log-facts.ts'
import type { Policy } from '../policy/policy.ts'
import type { History } from '../worlds/history.ts'
import type { SimulateOptions } from './options.ts'
import type { SimulateResult } from './result.ts'
import type { CallRun } from './routing-calls.ts'
import type { RoutedRequests } from './routing-quality.ts'
import type { Simulation } from './simulation.ts'
import { rangeOfSteps } from './sweep-steps.ts'

/** What the log leaves open. */
export function historyWarnings(history: History): SimulateResult['warnings'] {
  const { hasTimes, withoutLatency, count } = history
  const estimated = countFlagged(history, flag.estimated)
  return [
    ...(estimated === 0
      ? []
      : [
          {
            code: 'estimated-usage',
            message: `of ${count} requests, those without token counts in the log are estimated, and so is what they cost`,
            count: estimated,
          },
        ]),
    ...(hasTimes || count === 0
      ? []
      : [
          {
            code: 'no-times',
            message:
              'no request has a time: all count as of one moment, in the order they were read',
            count,
          },
        ]),
    ...(withoutLatency > 0
      ? [
          {
            code: 'no-latency',
            message: 'requests without a latency count as answered at once',
            count: withoutLatency,
          },
        ]
      : []),
  ]
}

const countFlagged = ({ columns }: History, bit: number): number =>
  columns.flags.reduce((sum, flags) => sum + ((flags & bit) === 0 ? 0 : 1), 0)

/** How many calls are made, and what nobody knows of them. */
export const callFacts = (
  { calls, unpriced }: Pick<CallRun, 'calls' | 'unpriced'>,
  { unjudged }: Pick<RoutedRequests, 'unjudged'>,
) => ({ calls, warnings: callWarnings(unpriced, unjudged) })

/** Of calls of other models than the log's. */
function callWarnings(
  unpriced: ReadonlyMap<string, number>,
  unjudged: number,
): SimulateResult['warnings'] {
  return [
    ...[...unpriced].map(([target, count]) => ({
      code: 'unpriced-target',
      message: `nobody knows what ${target} costs: its calls count as $0, and the saving is too high by all of it (\`prices:\` of the policy gives it a price)`,
      count,
    })),
    ...(unjudged === 0
      ? []
      : [
          {
            code: 'unjudged-rungs',
            message:
              'requests whose first answer nobody has judged count as answered by it: each that climbs pays for the next model too (`llmcost replay` measures how many do)',
            count: unjudged,
          },
        ]),
  ]
}

/** What a sweep of every threshold leaves out. */
export function sweepWarnings(simulation: Simulation): SimulateResult['warnings'] {
  const { options, beyond } = simulation
  const isSwept = options.found !== null && mayCompare(options.compiled.policy.cache)
  if (!isSwept || options.every === undefined) return []
  const hasSteps = rangeOfSteps(simulation) !== null
  const warnings = [
    {
      holds: !hasSteps,
      code: 'sweep-by-grid',
      message:
        'the sweep has the thresholds of a grid, not every one: with maxEntries, refreshOnHit or an insertion other than on-miss each takes a run of its own',
    },
    {
      holds: hasSteps && !beyond.isPlain,
      code: 'sweep-of-cache',
      message:
        'savings in the sweep are those of the response cache alone: what follows behind it takes a run of its own at each threshold',
    },
  ]
  return warnings
    .filter(({ holds }) => holds)
    .map(({ holds: _, ...each }) => ({ ...each, count: 1 }))
}

type Unnamed = Pick<LogFacts, 'requests' | 'carrying'>

/** Who is not named goes with whoever else is not; `where` says whose policy it is. */
export const unnamedWarnings = (
  { cache, budgets }: Pick<Policy, 'cache' | 'budgets'>,
  log: Unnamed,
  where = '',
): SimulateResult['warnings'] => [
  ...namespaceWarnings(cache, log, where),
  ...budgetWarnings(budgets, log, where),
]

/** Whose answers others must not see. */
const privateFields = ['tenant', 'user', 'team', 'session'] as const

function namespaceWarnings(
  cache: CachePolicy,
  { requests, carrying }: Unnamed,
  where: string,
): SimulateResult['warnings'] {
  if (!mayMatch(cache) && !mayCompare(cache)) return []
  const inForce = [cache.namespace, ...cache.rules.flatMap(({ namespace = [] }) => namespace)]
  const fields = inForce.flatMap((each) => (each.kind === 'fields' ? each.fields : []))
  return privateFields
    .filter((field) => fields.includes(field) && carrying[field] < requests)
    .map((field) => ({
      code: 'namespace-unnamed',
      message: `${where}requests name no ${field}, which the namespace tells apart: those without one share answers with each other`,
      count: requests - carrying[field],
    }))
}

/** Whose requests go on one account where they name nobody. */
const accountFields = ['user', 'team', 'feature'] as const

function budgetWarnings(
  budgets: Policy['budgets'],
  { requests, carrying }: Unnamed,
  where: string,
): SimulateResult['warnings'] {
  return accountFields
    .filter((field) => budgets.some(({ scope }) => scope === field) && carrying[field] < requests)
    .map((field) => ({
      code: 'budget-unnamed',
      message: `${where}requests name no ${field}: a budget for each ${field} takes all of them for one`,
      count: requests - carrying[field],
    }))
}

/** What the policy says and this report does not show. */
export function policyWarnings({
  embedCostOf,
  found,
  keyIgnore,
}: SimulateOptions): SimulateResult['warnings'] {
  const isUnpriced = found !== null && embedCostOf(1_000_000) === null
  const warnings = [
    {
      holds: keyIgnore.withoutText > 0,
      code: 'key-ignore-without-text',
      message:
        'cache.keyIgnore cannot reach prompts that the log holds as hashes: such requests keep their whole keys',
      count: keyIgnore.withoutText,
    },
    {
      holds: keyIgnore.withoutCover > 0,
      code: 'key-ignore-without-cover',
      message:
        'requests lack the field that covers an entry of cache.keyIgnore: they keep what it would drop, since nothing tells whose it is',
      count: keyIgnore.withoutCover,
    },
    {
      holds: keyIgnore.uncovered > 0,
      code: 'key-ignore-uncovered',
      message:
        'entries of cache.keyIgnore are left out: the namespace in force does not tell apart what they drop',
      count: keyIgnore.uncovered,
    },
    {
      holds: isUnpriced,
      code: 'embedder-unpriced',
      message: 'nobody knows the price of the embedder: its look-ups count as $0',
      count: 1,
    },
  ]
  return warnings.filter(({ holds }) => holds).map(({ holds: _, ...warning }) => warning)
}
