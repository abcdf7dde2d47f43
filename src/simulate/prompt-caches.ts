import { prefixTarget } from '../engine/prefix-rules.ts'
import { ladderTargets } from '../policy/ladders.ts'
import type { Policy } from '../policy/policy.ts'
import { readTarget } from '../prices/model-name.ts'
import type { History } from '../worlds/history.ts'

/**
 * Whether prompt caches can differ under a policy from none at all, so that prompts must be read: some were used, marks
 * are to be set, or requests may go from a model that keeps nothing by itself to one that keeps all.
 * `targets` are further models that requests may go to.
 */
export function hasPromptCaches(
  { columns, profiles }: History,
  { prefix, routes }: Pick<Policy, 'prefix' | 'routes'>,
  targets: readonly string[] = [],
): boolean {
  if (prefix.mode === 'inject') return true
  const columnsOfUse = [
    columns.cacheReadTokens,
    columns.cacheWrite5mTokens,
    columns.cacheWrite1hTokens,
  ]
  if (columnsOfUse.some(isUsed)) return true
  const asked = [...targets, ...ladderTargets(routes).flat()].map(readTarget)
  return (
    asked.some(keepsAll) &&
    profiles.some(({ operation, ...named }) => operation === 'chat' && !keepsAll(named))
  )
}

type Named = { readonly provider?: string | null | undefined; readonly model: string | null }

/** What reads nothing there has nothing to read at another model that keeps all. */
const keepsAll = ({ provider, model }: Named): boolean =>
  model !== null && prefixTarget(provider ?? undefined, model).rules?.kind === 'automatic'

/** A loop of its own: it is asked for every run, and calls take ten times as long. */
function isUsed(tokens: Float64Array): boolean {
  for (let place = 0; place < tokens.length; place++) if ((tokens[place] as number) > 0) return true
  return false
}
