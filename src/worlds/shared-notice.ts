import type { Hold } from './budget-account.ts'

/** Tells of each budget once that those who name nobody share one account of it: an operator sees why they are refused. */
export function sharedNotice(tell: (text: string) => void): (holds: readonly Hold[]) => void {
  const told = new Set<string>()
  return (holds) => {
    for (const { account, member } of holds) {
      const { name, scope } = account.budget
      if (member !== '' || scope === 'all' || told.has(name)) continue
      told.add(name)
      tell(
        `budget ${name}: requests that name no ${scope} share one account (keys and headers name it: docs/gateway-headers.md)`,
      )
    }
  }
}
