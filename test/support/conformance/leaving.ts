import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { until } from '../gateways/harness.ts'
import type { MockStand } from './stand.ts'

/** Within which the upstream is to know that a caller has left. */
const longestMs = 100

/**
 * Leaves and expects the upstream to be told in time. `leave` starts an answer, waits until something of it is there,
 * and gives what ends it.
 */
export async function expectToldInTime(
  { tally }: MockStand,
  begin: () => Promise<() => void>,
): Promise<void> {
  const leave = await begin()
  expect(tally().disconnects).toBe(0)
  const start = performance.now()
  leave()
  await until('the upstream is told', () => tally().disconnects === 1)
  expect(performance.now() - start).toBeLessThan(longestMs)
}

/** An answer of which nothing comes: long enough for the request to have arrived. */
export const arrival = () => sleep(30)
