import type { FaultKind } from '../domain/fault.ts'
import type { AttemptNote } from './exchange.ts'
import type { Problems } from './gateway-health.ts'

/** Providers that nobody can reach, told by the calls that tried. */
export type UpstreamWatch = {
  note(attempt: Pick<AttemptNote, 'provider' | 'fault'>): void
  readonly problems: Problems
}

type Unreached = { readonly sinceMs: number; readonly why: string }

/** Opens the watch; a provider is in trouble from the first call that does not reach it to the first that does. */
export function openUpstreamWatch(now: () => number): UpstreamWatch {
  const unreached = new Map<string, Unreached>()
  return {
    note({ provider, fault }) {
      if (fault?.kind === 'unreachable') {
        const sinceMs = unreached.get(provider)?.sinceMs ?? now()
        unreached.set(provider, { sinceMs, why: fault.message })
      } else if (fault === null || !untold.has(fault.kind)) unreached.delete(provider)
    },
    problems: () =>
      Array.from(
        unreached,
        ([provider, { sinceMs, why }]) =>
          `upstream: ${provider} cannot be reached since ${new Date(sinceMs).toISOString()}: ${why}`,
      ),
  }
}

/** After these nobody knows whether anybody was there. */
const untold: ReadonlySet<FaultKind> = new Set(['timeout', 'cancelled'])
