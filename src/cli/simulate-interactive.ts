import { compilePolicy } from '../engine/compile-policy.ts'
import type { CachePolicy, Namespace } from '../policy/caching.ts'
import { classifierPresets } from '../policy/routing.ts'
import { asLogged, baselineOf } from '../simulate/baseline.ts'
import { openExplorer } from '../simulate/explorer.ts'
import { openJudge } from '../simulate/judge-hits.ts'
import { hasPromptCaches } from '../simulate/prompt-caches.ts'
import { presetCosts } from '../simulate/routing-presets.ts'
import { loggedCost } from '../simulate/spend.ts'
import { openStated } from '../simulate/stated-verdicts.ts'
import { openVerdicts } from '../store/verdicts.ts'
import { openHistorySight } from '../worlds/history-world.ts'
import { tokenRatios } from '../worlds/model-costs.ts'
import { keptRules } from './kept-rules.ts'
import type { ExplorerJob } from './simulation.ts'
import { targetCosts } from './target-costs.ts'
import { viewOf } from './terminal.ts'

/** Seconds; null: entries do not expire. */
const ttls = [300, 3600, 86_400, 7 * 86_400, 30 * 86_400, null] as const

/** `llmcost simulate --interactive`: the settings of a policy under the arrow keys. */
export async function explore({ job, selection, shared, compared }: ExplorerJob): Promise<void> {
  const { keyed, policy, tiers, questions, found } = compared
  const { logs, terminal, prices, flags, grid } = job
  const { runInteractive } = await import('../report/simulate-interactive.tsx')
  const { history } = keyed
  const { similarity, evidence, log } = shared
  const costOf = targetCosts(prices.book)
  const sight = openHistorySight({ history, policy, costOf, evidence })
  const ratioOf = tokenRatios(history, evidence)
  const hasPrefix = hasPromptCaches(history, policy, Object.values(tiers))
  const presets = { history, policy, tiers, hasPrefix, costOf, ratioOf, known: sight.known }
  const stated = openStated(history, openVerdicts(logs.store.database))
  const { threshold, ttlSeconds } = policy.cache.semantic
  const namespaces = namespacesOf(policy.cache, log.carrying.user > 0)
  const routes = new Map<string, Float64Array>([
    [asLogged, Float64Array.from(history.seq, (_, place) => loggedCost(history, place))],
    ...classifierPresets.map((name) => [name, presetCosts(name, presets)] as const),
  ])
  const evaluate = openExplorer({
    history,
    semantic: { questions, neighbours: found?.neighbours ?? null },
    policy,
    rules: keptRules(logs, selection, history, compilePolicy(policy), sight.factsAt),
    judge: openJudge(history, similarity, stated),
    baselineNanoUsd: baselineOf(flags.baseline, history, costOf).spendNanoUsd,
    costsOf: routes,
    namespaces,
  })
  const [namespace = ''] = namespaces.keys()
  await runInteractive(
    {
      thresholds: [...new Set([...grid, threshold])],
      ttls: [...new Set([...ttls, ttlSeconds])].sort((a, b) => (a ?? Infinity) - (b ?? Infinity)),
      namespaces: [...namespaces.keys()],
      routes: [...routes.keys()],
      start: { threshold, ttlSeconds, namespace, route: asLogged },
      evaluate,
    },
    terminal,
    viewOf(terminal.stdout, terminal.env),
  )
}

/**
 * The policy's own first, then others that the log has a value for. Keys that leave something out hold for the policy's
 * own alone: another one may not tell it apart.
 */
function namespacesOf(
  { namespace: own, keyIgnore }: CachePolicy,
  hasUsers: boolean,
): ReadonlyMap<string, Namespace> {
  const byName = (namespace: Namespace): string =>
    namespace.kind === 'fields' ? namespace.fields.join(',') : namespace.kind
  const user = { kind: 'fields', fields: ['user'] } as const
  const others: readonly Namespace[] = [{ kind: 'shared' }, ...(hasUsers ? [user] : [])]
  const offered = keyIgnore.length > 0 ? [own] : [own, ...others]
  return new Map(offered.map((namespace) => [byName(namespace), namespace]))
}
