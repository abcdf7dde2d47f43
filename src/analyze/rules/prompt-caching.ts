import { flag, type Profile } from '../../domain/row.ts'
import { KeyIndex, NumberList } from '../key-index.ts'
import { mix, numbersOf } from './exact-repeats.ts'
import {
  commandWith,
  count,
  counted,
  promptTokensOf,
  type Rates,
  type Rule,
  type RuleColumns,
} from './rule.ts'

/** Anthropic's and OpenAI's shortest cacheable prefix on most models (some ask for 2,048 or 4,096). */
const leastPrefixTokens = 1024
/** Anthropic's default life of a cached prefix, renewed by each use. */
const prefixTtlMs = 300_000
/** And of one written for an hour. */
const longTtlMs = 3_600_000
const remembered = 500_000
/** A request reads "nothing" of its prefix when the reads are below this share of it. */
const readsNothing = 0.1

/** Prefixes seen lately, by model and key. */
class SeenPrefixes {
  #index = new KeyIndex()
  #lastAt = new NumberList(Number.NEGATIVE_INFINITY)
  #written = new NumberList()

  /** When the prefix was last used, or -Infinity. */
  lastUse(key: number): number {
    const number = this.#index.find(key)
    return number < 0 ? Number.NEGATIVE_INFINITY : this.#lastAt.get(number)
  }

  /** How many of its tokens would be in the cache by then: what is beyond them was never written. */
  writtenOf(key: number): number {
    const number = this.#index.find(key)
    return number < 0 ? 0 : this.#written.get(number)
  }

  use(key: number, at: number, written: number): void {
    if (this.#index.size > remembered) {
      this.#index = new KeyIndex()
      this.#lastAt = new NumberList(Number.NEGATIVE_INFINITY)
      this.#written = new NumberList()
    }
    const number = this.#index.add(key)
    this.#lastAt.set(number, at)
    this.#written.set(number, written)
  }
}

/** Repeated prefixes of 1,024 tokens or more that were sent at the full price although they had just been seen. */
export function unusedPromptCaching(profiles: readonly Profile[], rates: Rates): Rule {
  const models = numbersOf(profiles, modelOf)
  const seen = new SeenPrefixes()
  let repeatedTokens = 0
  return {
    kind: 'unused-prompt-caching',
    saving(columns, row) {
      const at = columns.at[row] as number
      if (Number.isNaN(at) || servedFromCache(columns, row)) return 0
      const model = models[columns.profile[row] as number] ?? 0
      const tokens = readablePrefix(columns, row, model, at, seen)
      const unwritten =
        tokens === 0 ? leadOf(columns, row) : unwrittenOf(columns, row, model, tokens, seen)
      remember(columns, row, { model, at, written: Math.max(tokens, leadOf(columns, row)) }, seen)
      const price = columns.price[row] as number
      const discount = (rates.input[price] as number) - (rates.cacheRead[price] as number)
      if (discount <= 0) return 0
      const written =
        (columns.cacheWrite5mTokens[row] as number) + (columns.cacheWrite1hTokens[row] as number)
      if ((columns.cacheReadTokens[row] as number) > tokens * readsNothing || written > 0) return 0
      const premium = Math.max(
        0,
        (rates.cacheWrite[price] as number) - (rates.input[price] as number),
      )
      if (tokens === 0) return -unwritten * premium
      repeatedTokens += tokens
      const saving = Math.min(tokens, columns.inputTokens[row] as number) * discount
      return saving - unwritten * premium
    },
    describe: ({ requests }, { inputs }) => ({
      title: `${counted(requests, 'request')} sent ${count(Math.round(repeatedTokens / 1e3))}k prompt tokens again at full price`,
      evidence: `the same system prompt or conversation of ≥ ${count(leastPrefixTokens)} tokens went to the same model within 5 minutes and nothing was read from its prompt cache`,
      caveat:
        'needs a prefix that stays the same byte for byte, and cache marks where the provider wants them; write premiums are already taken off',
      command: commandWith('analyze', [inputs, '--by feature,model'].filter(Boolean).join(' ')),
    }),
  }
}

/** A response cache answered: no provider read or wrote a prompt. */
const servedFromCache = (columns: RuleColumns, row: number): boolean =>
  ((columns.flags[row] as number) & flag.servedFromCache) !== 0

const modelOf = (profile: Profile): string => `${profile.provider ?? ''}:${profile.model ?? ''}`

/** Tokens of the longest known prefix used within the TTL: the turn before, else tools and system prompt. */
function readablePrefix(
  columns: RuleColumns,
  row: number,
  model: number,
  at: number,
  seen: SeenPrefixes,
): number {
  const history = columns.historyTokens[row] as number
  const isFresh = (key: number) => at - seen.lastUse(mix(key, model)) <= prefixTtlMs
  if (history >= leastPrefixTokens && isFresh(columns.historyKey[row] as number)) return history
  const system = columns.systemTokens[row] as number
  return system >= leastPrefixTokens && isFresh(columns.systemKey[row] as number) ? system : 0
}

function remember(
  columns: RuleColumns,
  row: number,
  { model, at, written }: { model: number; at: number; written: number },
  seen: SeenPrefixes,
): void {
  const system = columns.systemKey[row] as number
  const tip = columns.promptTip[row] as number
  const history = columns.historyKey[row] as number
  if (!Number.isNaN(system)) seen.use(mix(system, model), at, written)
  if (!Number.isNaN(history)) seen.use(mix(history, model), at, written)
  if (!Number.isNaN(tip)) seen.use(mix(tip, model), at, written)
}

/** Tools and system prompt, which the first request to bring them would write. */
function leadOf(columns: RuleColumns, row: number): number {
  const system = columns.systemTokens[row] as number
  return system < leastPrefixTokens ? 0 : system
}

/** The part of a conversation that the turns before would have had to write, for this one to read it. */
function unwrittenOf(
  columns: RuleColumns,
  row: number,
  model: number,
  tokens: number,
  seen: SeenPrefixes,
): number {
  const history = columns.historyTokens[row] as number
  if (tokens !== history || tokens < leastPrefixTokens) return 0
  return Math.max(0, tokens - seen.writtenOf(mix(columns.historyKey[row] as number, model)))
}

/** Sessions whose cached prefix had to be written again: after a pause over its life, or for another model. */
export function lostPromptCache(profiles: readonly Profile[], rates: Rates): Rule {
  const models = numbersOf(profiles, modelOf)
  let index = new KeyIndex()
  const last = {
    at: new NumberList(),
    model: new NumberList(),
    tokens: new NumberList(),
    life: new NumberList(prefixTtlMs),
  }
  const lost = { ttl: 0, model: 0 }
  return {
    kind: 'lost-prompt-cache',
    saving(columns, row) {
      const session = sessionOf(columns, row)
      const at = columns.at[row] as number
      if (Number.isNaN(session) || Number.isNaN(at) || servedFromCache(columns, row)) return 0
      if (index.size > remembered) index = new KeyIndex()
      const isKnown = index.find(session) >= 0
      const number = index.add(session)
      const model = models[columns.profile[row] as number] ?? 0
      // Written out: spreading one object into another, for every request, takes longer than all the rest of this.
      const turn: Turn = {
        at: last.at.get(number),
        model: last.model.get(number),
        tokens: last.tokens.get(number),
        life: last.life.get(number),
        now: at,
        nowModel: model,
      }
      last.at.set(number, at)
      last.model.set(number, model)
      last.tokens.set(number, promptTokensOf(columns, row))
      if ((columns.cacheWrite1hTokens[row] as number) > 0) last.life.set(number, longTtlMs)
      else if (!isKnown) last.life.set(number, prefixTtlMs)
      return isKnown ? lostTokens(columns, row, turn, rates, lost) : 0
    },
    describe: ({ requests }, { inputs }) => ({
      title: `${counted(requests, 'request')} wrote to the cache again what was there before`,
      evidence: `${count(lost.ttl)} after a pause longer than the cache lives (5 minutes, or the hour it was written for), ${count(lost.model)} after a switch of model`,
      caveat:
        'a 1-hour cache writes at 2× instead of 1.25×; a session that stays on one model keeps its prefix',
      command: commandWith('analyze', [inputs, '--by session'].filter(Boolean).join(' ')),
    }),
  }
}

type Turn = {
  readonly at: number
  readonly model: number
  readonly tokens: number
  /** How long its cached prefix lives after a use. */
  readonly life: number
  readonly now: number
  readonly nowModel: number
}

function lostTokens(
  columns: RuleColumns,
  row: number,
  turn: Turn,
  rates: Rates,
  lost: { ttl: number; model: number },
): number {
  const written =
    (columns.cacheWrite5mTokens[row] as number) + (columns.cacheWrite1hTokens[row] as number)
  const read = columns.cacheReadTokens[row] as number
  if (
    turn.tokens < leastPrefixTokens ||
    read > turn.tokens * readsNothing ||
    written < turn.tokens / 2
  )
    return 0
  const switched = turn.model !== turn.nowModel
  if (!switched && turn.now - turn.at <= turn.life) return 0
  if (switched) lost.model++
  else lost.ttl++
  const price = columns.price[row] as number
  const paid =
    (columns.cacheWrite5mTokens[row] as number) * (rates.cacheWrite[price] as number) +
    (columns.cacheWrite1hTokens[row] as number) * (rates.cacheWrite1h[price] as number)
  return Math.min(turn.tokens, written) * (paid / written - (rates.cacheRead[price] as number))
}

const sessionOf = (columns: RuleColumns, row: number): number => {
  const session = columns.session[row] as number
  return Number.isNaN(session) ? (columns.trace[row] as number) : session
}

/** Prompt caches that were paid for and never read, by model, feature and key. */
export function unreadCacheWrites(
  profiles: readonly Profile[],
  rates: Rates,
  readsByScope: ReadonlyMap<string, number>,
): Rule {
  const never = profiles.map(
    (profile) => profile !== undefined && (readsByScope.get(scopeOf(profile)) ?? 0) === 0,
  )
  let tokens = 0
  return {
    kind: 'unread-cache-writes',
    saving(columns, row) {
      if (never[columns.profile[row] as number] !== true || servedFromCache(columns, row)) return 0
      const price = columns.price[row] as number
      const write5m = columns.cacheWrite5mTokens[row] as number
      const write1h = columns.cacheWrite1hTokens[row] as number
      if (write5m + write1h === 0) return 0
      tokens += write5m + write1h
      const input = rates.input[price] as number
      return (
        write5m * ((rates.cacheWrite[price] as number) - input) +
        write1h * ((rates.cacheWrite1h[price] as number) - input)
      )
    },
    describe: ({ requests }, { inputs }) => ({
      title: `${counted(requests, 'request')} wrote ${count(Math.round(tokens / 1e3))}k tokens to a prompt cache that nobody read`,
      evidence: 'no request of the same model, feature, key and namespace ever read from the cache',
      caveat:
        'leave the cache marks out there, or make the prefix the same from call to call; the saving is the write premium alone',
      command: commandWith('analyze', [inputs, '--by feature,model'].filter(Boolean).join(' ')),
    }),
  }
}

/** Where one request's cached prefix could be another's. */
export const scopeOf = (profile: Profile): string =>
  `${profile.provider} ${profile.model} ${profile.feature} ${profile.key} ${profile.namespace}`
