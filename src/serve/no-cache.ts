import type { ResponseCache } from '../domain/world.ts'

/** Holds nothing, and shares nothing. */
export const noCache: ResponseCache = {
  findExact: () => null,
  findNearest: () => ({ kind: 'bypass', reason: 'off' }),
  findInFlight: () => null,
  begin: () => undefined,
  remember: () => undefined,
  end: () => undefined,
}
