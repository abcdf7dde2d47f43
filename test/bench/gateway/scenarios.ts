import type { Pace } from './load.ts'

/** One kind of load that every subject gets in turn. */
export type Scenario = {
  readonly key: string
  readonly title: string
  readonly streams: boolean
  /** Always the same request, so that a cache can answer. */
  readonly repeats: boolean
  readonly pace: Pace
}

const closed = (streams: boolean, connections: number): Scenario => ({
  key: `${streams ? 'sse' : 'json'}-${connections}`,
  title: `${streams ? 'streams (SSE)' : 'JSON'}, ${connections} connection${connections === 1 ? '' : 's'}`,
  streams,
  repeats: false,
  pace: { kind: 'closed', connections },
})

/** A load that each of them can take. */
const steadyPerSecond = 600
const connections = [1, 16, 64]

export const steady: Scenario = {
  key: 'steady',
  title: `JSON, ${steadyPerSecond} requests a second whatever the answers take`,
  streams: false,
  repeats: false,
  pace: { kind: 'open', perSecond: steadyPerSecond },
}

export const scenarios: readonly Scenario[] = [
  ...connections.map((count) => closed(false, count)),
  ...connections.map((count) => closed(true, count)),
  steady,
]

/** For whoever has a cache. */
export const hitScenarios: readonly Scenario[] = [
  { ...closed(false, 16), key: 'hit-16', title: 'exact hits, 16 connections', repeats: true },
  { ...steady, key: 'hit-steady', title: `exact hits, ${steadyPerSecond} a second`, repeats: true },
]
