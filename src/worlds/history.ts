import type { RequestLookup, RequestSource } from '../domain/columns.ts'
import type { HistorySource } from '../domain/history.ts'
import type { JsonObject } from '../domain/json.ts'
import type { BypassReason } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import { flag, type Profile } from '../domain/row.ts'
import { isStored } from '../engine/unshared.ts'
import { type Columns, columnsInOrder } from './history-columns.ts'
import { type HistoryKeys, historyKeys } from './history-keys.ts'
import { storedRequests } from './stored-request.ts'

/**
 * A log as the engine meets it: requests in their order (time, then the order they were read), one place an array.
 * Keys are numbered 0, 1, 2 …; -1 is absent. Undated requests stand behind the dated ones.
 */
export type History = HistoryKeys & {
  readonly count: number
  readonly seq: Float64Array
  /** Milliseconds since 1970 UTC; NaN where unknown. Zero everywhere in a log without any time. */
  readonly at: Float64Array
  /** 0 where the log has none: those are counted in `withoutLatency`. */
  readonly latencyMs: Float64Array
  readonly withoutLatency: number
  /** When the answer was there. */
  readonly born: Float64Array
  readonly columns: Columns
  readonly profiles: readonly Profile[]
  /** What keeps a request from every cache, as a number of `bypassReasons`; 0: nothing. */
  readonly bypass: Uint8Array
  /** 1 where the answer may be kept. */
  readonly insertable: Uint8Array
  readonly hasTimes: boolean
  readonly lookup: RequestLookup
  /** The request at a place, its texts looked up when they are asked for. */
  requestAt(place: number): Request
}

/** By number; the first stands for none. */
export const bypassReasons = [
  null,
  'no-key',
  'no-time',
  'not-answered',
  'choices',
  'tool-call',
  'operation',
  'stored',
  'pii',
] as const satisfies readonly (BypassReason | null)[]
const reason = Object.fromEntries(bypassReasons.map((name, number) => [name, number])) as Record<
  Exclude<(typeof bypassReasons)[number], null>,
  number
>

/** How the answer ended that wants a tool to be called, in the words of the wire formats. */
const toolFinishes = new Set(['tool', 'tool_calls', 'tool_use', 'function_call'])

/** Reads the selected requests of a store into their order. `kept` are keys that an earlier run numbered. */
export function loadHistory(
  source: RequestSource,
  stored: HistorySource,
  lookup: RequestLookup,
  kept: HistoryKeys | null = null,
): History {
  const { columns, hasTimes } = columnsInOrder(source)
  const { profiles } = source
  const count = columns.seq.length
  const keys = kept ?? historyKeys(columns, stored)
  const latencyMs = columns.latencyMs.map((ms) => (Number.isNaN(ms) ? 0 : Math.max(0, ms)))
  const asked = profiles.map(askedReason)
  const bypass = Uint8Array.from({ length: count }, (_, place) =>
    bypassOf(
      profiles[columns.profile[place] as number] as Profile,
      keys,
      place,
      columns,
      hasTimes,
      asked[columns.profile[place] as number] ?? null,
    ),
  )
  return {
    count,
    seq: columns.seq,
    at: columns.at,
    latencyMs,
    withoutLatency: columns.latencyMs.reduce((sum, ms) => sum + (Number.isNaN(ms) ? 1 : 0), 0),
    // Without times there is no moment at which an answer could still be on its way.
    born: columns.at.map((at, place) => (hasTimes ? at + (latencyMs[place] as number) : at)),
    columns,
    profiles,
    ...keys,
    bypass,
    insertable: bypass.map((code, place) =>
      code === 0 && ((columns.flags[place] as number) & flag.truncated) === 0 ? 1 : 0,
    ),
    hasTimes,
    lookup,
    requestAt: storedRequests(columns, profiles, lookup),
  }
}

type AskedReason = 'stored' | 'choices' | null

/** What parameters say: that the provider keeps the answer, or that several choices were asked for, however many came. */
function askedReason({ params: text }: Profile): AskedReason {
  if (text === null || !/"(?:n|store)"/.test(text)) return null
  const params = JSON.parse(text) as JsonObject
  if (isStored(params)) return 'stored'
  return typeof params['n'] === 'number' && params['n'] > 1 ? 'choices' : null
}

/** Why a request can neither be served by a cache nor fill one, whatever the policy says. */
function bypassOf(
  profile: Profile,
  keys: HistoryKeys,
  place: number,
  columns: Columns,
  hasTimes: boolean,
  asked: AskedReason,
): number {
  if (keys.exact[place] === -1) return reason['no-key']
  // A gateway's audits, and what is no conversation at all.
  if (profile.operation === 'other') return reason.operation
  if (hasTimes && Number.isNaN(columns.at[place])) return reason['no-time']
  if (asked !== null) return reason[asked]
  if ((keys.choices[place] as number) > 1) return reason.choices
  if (profile.status !== null && profile.status !== 'ok') return reason['not-answered']
  if (profile.finishReason !== null && toolFinishes.has(profile.finishReason))
    return reason['tool-call']
  return 0
}
