import type { LogFacts, UsedModel } from './log-facts.ts'
import type { Tier, Tiers } from './routing.ts'

/** The models that small, medium and large stand for, and who said so. */
export type ChosenTiers = {
  readonly tiers: Readonly<Record<Tier, string>>
  /** `mixed`: the policy names some, the rest is from the log or the default set. */
  readonly source: 'policy' | 'log' | 'default' | 'mixed'
}

/** Models for logs with fewer than three of their own, by vendor, on the price list of this day. */
export const defaultTiersAsOf = '2026-09-23'
const defaultTiers: Readonly<Record<string, Readonly<Record<Tier, string>>>> = {
  openai: {
    small: 'openai:gpt-6-luna',
    medium: 'openai:gpt-6-sol',
    large: 'openai:gpt-6-astra',
  },
  anthropic: {
    small: 'anthropic:claude-haiku-4-5',
    medium: 'anthropic:claude-sonnet-5',
    large: 'anthropic:claude-opus-5-5',
  },
}

/**
 * Tiers as the policy names them; what it leaves open are the cheapest, the median and the dearest
 * chat model of the provider with most requests in the log, or a default set where it has fewer
 * than three with a price.
 */
export function chooseTiers(asked: Tiers, log: Pick<LogFacts, 'models'> | null): ChosenTiers {
  const provider = mainProvider(log?.models ?? [])
  const found = tiersInUse(log?.models ?? [], provider)
  const rest = found ?? defaultTiers[provider] ?? defaultTiers['openai']
  const tiers = { ...rest, ...named(asked) } as Readonly<Record<Tier, string>>
  const namedCount = Object.keys(named(asked)).length
  if (namedCount === 3) return { tiers, source: 'policy' }
  if (namedCount > 0) return { tiers, source: 'mixed' }
  return { tiers, source: found === null ? 'default' : 'log' }
}

const named = (asked: Tiers): Partial<Record<Tier, string>> =>
  Object.fromEntries(Object.entries(asked).filter(([, target]) => target !== null))

function mainProvider(models: readonly UsedModel[]): string {
  const requests = new Map<string, number>()
  for (const each of models)
    requests.set(each.provider, (requests.get(each.provider) ?? 0) + each.requests)
  const [main] = [...requests].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  return main?.[0] ?? ''
}

function tiersInUse(
  models: readonly UsedModel[],
  provider: string,
): Readonly<Record<Tier, string>> | null {
  const priced = models
    .filter((each) => each.provider === provider && each.usdPerMillion !== null)
    .toSorted(
      (a, b) => (a.usdPerMillion ?? 0) - (b.usdPerMillion ?? 0) || (a.model < b.model ? -1 : 1),
    )
  const [small, medium, large] = [priced[0], priced[priced.length >> 1], priced.at(-1)]
  if (priced.length < 3 || !small || !medium || !large) return null
  const target = ({ model }: UsedModel) => `${provider}:${model}`
  return { small: target(small), medium: target(medium), large: target(large) }
}
