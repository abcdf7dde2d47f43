import type { Usage } from '../domain/usage.ts'
import { PrefixHash } from './prefix-hash.ts'
import {
  lookBackContents,
  mostBreakpoints,
  type PrefixRules,
  type PrefixTarget,
  type PrefixTtl,
  prefixTarget,
} from './prefix-rules.ts'
import { PrefixTable } from './prefix-table.ts'

export type PrefixRequest = {
  /** Milliseconds since 1970 UTC. Requests come in time order; one from before the last counts as of its time. */
  readonly at: number
  readonly provider?: string | undefined
  readonly model: string
  /** Who shares a cache: a key, a tenant or a session. */
  readonly scope: string
  /** The prompt's full blocks from its beginning: their contents, or hashes that may cover what came before. */
  readonly blocks: ArrayLike<number | string>
  /** May be a fraction, where blocks of text are laid over a known count of tokens. */
  readonly tokensPerBlock: number
  /** The whole prompt, the tail beyond its full blocks included. */
  readonly totalInputTokens: number
  /** How many blocks stand before each breakpoint; what lies behind the last is not kept. */
  readonly breakpoints?: readonly number[]
  /** How many full blocks have ended with each content (tools, system, messages), ascending: the look-back's steps. */
  readonly contentEnds?: readonly number[]
  readonly ttl?: PrefixTtl | undefined
}

/** The input of a request by what the prompt cache made of it. */
export type PrefixUsage = Pick<
  Usage,
  'inputTokens' | 'cacheReadTokens' | 'cacheWrite5mTokens' | 'cacheWrite1hTokens'
>

export type PrefixCache = {
  /** Prefixes held, expired ones included that were not yet cleared away. */
  readonly size: number
  /** What a request reads and writes, its own prefix being readable from then on. */
  read(request: PrefixRequest): PrefixUsage
}

export type PrefixCacheOptions = {
  /**
   * For studies of traces: every model keeps every block for the asked time (5 minutes), without a minimum or
   * breakpoints, and what is not read is billed as a write.
   */
  readonly idealised?: boolean
}

/** Opens the prompt caches of all providers, models and scopes, empty (docs/methods.md, "Prompt caches"). */
export function openPrefixCache({ idealised = false }: PrefixCacheOptions = {}): PrefixCache {
  const table = new PrefixTable()
  const hash = new PrefixHash()
  const targetOf = rememberTargets()
  let now = Number.NEGATIVE_INFINITY
  return {
    get size() {
      return table.size
    },
    read(request) {
      check(request)
      now = Math.max(now, request.at)
      const target = targetOf(request)
      const rules = idealised ? idealRules : target.rules
      if (rules === null) return usageOf(request, rules, 0, 0)
      hash.start(`${target.key}\n${request.scope}`)
      const walk = { table, hash, request, at: now, until: now + ttlOf(rules, request) }
      return rules.kind === 'marked' ? readMarked(walk, rules) : readAutomatic(walk, rules)
    },
  }
}

const idealRules: PrefixRules = {
  kind: 'automatic',
  minTokens: 0,
  stepTokens: 1,
  ttlMs: 300_000,
  otherTtlsMs: { '1h': 3_600_000, '24h': 86_400_000 },
  billsWrites: true,
}

function check({ at, blocks, tokensPerBlock, totalInputTokens }: PrefixRequest): void {
  if (!Number.isFinite(at)) throw new RangeError(`no time: ${at}`)
  if (!(tokensPerBlock >= 0 && tokensPerBlock < Infinity))
    throw new RangeError(`blocks of ${tokensPerBlock} tokens`)
  if (!Number.isSafeInteger(totalInputTokens) || totalInputTokens < 0) {
    throw new RangeError(`${totalInputTokens} input tokens in ${blocks.length} blocks`)
  }
}

const mostTargets = 1000

/** Logs name few models many times. */
function rememberTargets(): (request: PrefixRequest) => PrefixTarget {
  const targets = new Map<string, PrefixTarget>()
  return ({ provider, model }) => {
    const name = provider === undefined ? model : `${provider}\n${model}`
    const known = targets.get(name)
    if (known !== undefined) return known
    if (targets.size >= mostTargets) targets.clear()
    const target = prefixTarget(provider, model)
    targets.set(name, target)
    return target
  }
}

const ttlOf = (rules: PrefixRules, { ttl }: PrefixRequest): number =>
  (ttl === undefined ? undefined : rules.otherTtlsMs[ttl]) ?? rules.ttlMs

/** One request on its way along its blocks. */
type Walk = {
  readonly table: PrefixTable
  readonly hash: PrefixHash
  readonly request: PrefixRequest
  readonly at: number
  readonly until: number
}

/** Every prefix of whole blocks is kept. */
function readAutomatic({ table, hash, request, at, until }: Walk, rules: PrefixRules): PrefixUsage {
  const { blocks, totalInputTokens } = request
  if (totalInputTokens < rules.minTokens) return usageOf(request, rules, 0, 0)
  let live = 0
  for (let index = 0; index < blocks.length; index++) {
    hash.add(blocks[index] as number | string)
    // Whatever used a prefix used its beginnings too: those before a live one are alive.
    if (table.touch(hash.key(), at, until)) live = index + 1
  }
  const readTokens = steps(tokensOf(live, request), rules)
  return usageOf(request, rules, readTokens, steps(totalInputTokens, rules))
}

function steps(tokens: number, { minTokens, stepTokens }: PrefixRules): number {
  return tokens < minTokens ? 0 : tokens - (tokens % stepTokens)
}

/** Prefixes are kept where a breakpoint stands, and read where an earlier request had one. */
function readMarked({ table, hash, request, at, until }: Walk, rules: PrefixRules): PrefixUsage {
  const marks = marksOf(request, rules)
  const last = marks.at(-1)
  if (last === undefined) return usageOf(request, rules, 0, 0)
  const contentsUntil = countEnds(request.contentEnds ?? [])
  let live = 0
  let next = 0
  for (let count = 1; count <= last; count++) {
    const mark = marks[next] as number
    hash.add(request.blocks[count - 1] as number | string)
    const isAlive =
      count === mark ? table.touch(hash.key(), at, until) : table.refresh(hash.key(), at, until)
    if (isAlive && contentsUntil(mark) - contentsUntil(count) < lookBackContents) live = count
    if (count === mark) next++
  }
  // A breakpoint at the end of the prompt also writes the tail, which fills no block.
  const kept = last === request.blocks.length ? request.totalInputTokens : tokensOf(last, request)
  return usageOf(request, rules, tokensOf(live, request), kept)
}

/** The breakpoints that count, ascending: those behind enough tokens. */
function marksOf(request: PrefixRequest, { minTokens }: PrefixRules): readonly number[] {
  const { blocks, breakpoints = [] } = request
  if (breakpoints.length > mostBreakpoints) {
    throw new RangeError(`${breakpoints.length} breakpoints, more than ${mostBreakpoints}`)
  }
  const wrong = breakpoints.find(
    (mark) => !Number.isInteger(mark) || mark < 0 || mark > blocks.length,
  )
  if (wrong !== undefined) throw new RangeError(`a breakpoint after ${wrong} blocks`)
  const marks = breakpoints.filter((mark) => mark > 0 && tokensOf(mark, request) >= minTokens)
  return [...new Set(marks)].sort((a, b) => a - b)
}

/** How many contents end within the first blocks. */
function countEnds(ends: readonly number[]): (blocks: number) => number {
  return (blocks) => {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ends[middle] as number) <= blocks) low = middle + 1
      else high = middle
    }
    return low
  }
}

const tokensOf = (blocks: number, { tokensPerBlock, totalInputTokens }: PrefixRequest): number =>
  Math.min(totalInputTokens, Math.floor(blocks * tokensPerBlock))

function usageOf(
  { totalInputTokens, ttl }: PrefixRequest,
  rules: PrefixRules | null,
  readTokens: number,
  keptTokens: number,
): PrefixUsage {
  const writeTokens = rules?.billsWrites ? keptTokens - readTokens : 0
  const forAnHour = ttl === '1h' && rules?.otherTtlsMs['1h'] !== undefined
  return {
    inputTokens: totalInputTokens - readTokens - writeTokens,
    cacheReadTokens: readTokens,
    cacheWrite5mTokens: forAnHour ? 0 : writeTokens,
    cacheWrite1hTokens: forAnHour ? writeTokens : 0,
  }
}
