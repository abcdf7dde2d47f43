import { inputClasses, type Usage } from '../domain/usage.ts'
import type { PrefixUsage } from './prefix-cache.ts'

export type HistoryUsage = {
  readonly logged: Usage
  /** The prompt cache's model of the same request, in the history as it was. */
  readonly asLogged: PrefixUsage
  /** And with the routes of a policy. */
  readonly underPolicy: PrefixUsage
}

/**
 * The logged usage, changed by what the model says a policy changes: logged + underPolicy − asLogged in each class of
 * input. The classes keep their sum: tokens move between them, none below zero, so that of a change larger than the log
 * allows only that part is made, divided as the whole would have been. A request that the policy leaves as it was, in
 * a prefix scope that it leaves as it was, keeps its logged usage to the token.
 */
export function historyUsage({ logged, asLogged, underPolicy }: HistoryUsage): Usage {
  const lost = inputClasses.map((name) =>
    Math.min(logged[name], Math.max(0, asLogged[name] - underPolicy[name])),
  )
  const gained = inputClasses.map((name) => Math.max(0, underPolicy[name] - asLogged[name]))
  const moved = Math.min(sum(lost), sum(gained))
  if (moved === 0) return logged
  const minus = divide(moved, lost)
  const plus = divide(moved, gained)
  const [inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens] = inputClasses.map(
    (name, index) => logged[name] - (minus[index] as number) + (plus[index] as number),
  ) as [number, number, number, number]
  return { ...logged, inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens }
}

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0)

/** A whole number divided in given proportions, none above its own: the largest remainders are rounded up. */
function divide(total: number, proportions: readonly number[]): readonly number[] {
  const whole = sum(proportions)
  if (whole === total) return proportions
  const shares = proportions.map((proportion) => (proportion * total) / whole)
  const parts = shares.map(Math.floor)
  const byRemainder = shares
    .map((share, index) => ({ index, rest: share - Math.floor(share) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index)
  for (const { index } of byRemainder.slice(0, total - sum(parts))) {
    parts[index] = (parts[index] as number) + 1
  }
  return parts
}
