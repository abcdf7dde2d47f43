import { type Link, noPrefix, type RequestKeys } from '../domain/keys.ts'
import { type PackedRows, RowPacker } from '../domain/packed-rows.ts'
import { type CostByClass, costTotal, type Pricing } from '../domain/price.ts'
import { RecentKeys } from '../domain/recent-keys.ts'
import type { Request } from '../domain/request.ts'
import { type Cell, flag, hash53, keyNumber, messageShape, requestShape } from '../domain/row.ts'
import { noUsage, totalInputTokens, type Usage } from '../domain/usage.ts'
import { aggregateJson } from './aggregates.ts'
import { estimateFor } from './estimate-usage.ts'
import type { ContentMode, IngestPorts } from './ports.ts'
import { redact } from './redact.ts'
import { flagsOf } from './request-flags.ts'
import { identityOf, type Place, replaces } from './request-identity.ts'
import { extraOf, FewValues, hasOwnTags, profileCells } from './request-words.ts'
import { ShownWords } from './shown-words.ts'

export type PrepareOptions = {
  readonly format: string
  /** Stands for the file in identities of requests that have no id of their own. */
  readonly fileKey: string
  readonly content: ContentMode
  readonly redact: boolean
}

/** What one file's requests have in common is numbered here and sent along once. */
export type Prepared = {
  readonly profiles: [number: number, json: string][]
  readonly prices: [number: number, key: string, json: string][]
  readonly requests: PackedRows
  readonly messages: PackedRows
  readonly aggregates: string[]
}

/** What is told on the way. */
export type PrepareRemarks = {
  /** The place of a request nested too deeply to be written as text. */
  readonly onTooDeep: (place: Place) => void
  readonly onPriceWarning: (code: string) => void
}

const profileLimit = 20_000

type Words = Pick<Prepared, 'profiles' | 'prices' | 'aggregates'>

/** Turns requests into rows: keys first, then redaction, price, profile. One per file. */
export class Preparer {
  readonly #ports: IngestPorts
  readonly #options: PrepareOptions
  readonly #profileNumbers = new Map<string, number>()
  readonly #priceNumbers = new Map<string, number>()
  readonly #knownLinks = new RecentKeys()
  readonly #fewValues = new FewValues()
  readonly #shownWords: ShownWords
  #profileCount = 0
  /** Most requests share their profile with the one before. */
  #lastProfile: { readonly cells: readonly Cell[]; readonly number: number } = {
    cells: [],
    number: 0,
  }
  readonly #remarks: PrepareRemarks
  readonly #requests = new RowPacker(requestShape)
  readonly #messages = new RowPacker(messageShape)
  #words: Words = { profiles: [], prices: [], aggregates: [] }
  #held: Held | null = null

  constructor(ports: IngestPorts, options: PrepareOptions, remarks: PrepareRemarks) {
    this.#remarks = remarks
    this.#ports = ports
    this.#options = options
    this.#shownWords = new ShownWords(options, (text) => ports.pseudonym(text))
  }

  /** Takes what has been prepared since the last call. */
  take(): Prepared {
    this.#release()
    const words = this.#words
    this.#words = { profiles: [], prices: [], aggregates: [] }
    return { ...words, requests: this.#requests.take(), messages: this.#messages.take() }
  }

  /**
   * Prepares a request, or holds it back: a streamed answer is logged again and again as it grows, and only its fullest
   * row is worth preparing. False when it repeats the request before it; the fuller of the two is kept.
   */
  add(request: Request, place: Place, countTokens: ((text: string) => number) | null): boolean {
    if (request.aggregateOf !== undefined) {
      this.#words.aggregates.push(aggregateJson(request, this.#shownWords))
      return true
    }
    const next = {
      request,
      place,
      countTokens,
      identity: identityOf(request, place, this.#options),
    }
    const held = this.#held
    if (held !== null && isRepeat(held, next)) {
      if (replaces(request, held.request)) this.#held = next
      return false
    }
    this.#release()
    this.#held = next
    return true
  }

  #release(): void {
    const held = this.#held
    this.#held = null
    if (held === null) return
    try {
      this.#prepare(held)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#remarks.onTooDeep(held.place)
    }
  }

  #prepare({ request, place, countTokens, identity }: Held): void {
    const own = this.#options.content === 'none' ? noKeys : this.#ports.keysOf(request)
    const keys = this.#options.content === 'none' ? noKeys : (request.keys ?? own)
    const estimate = estimateFor(request, countTokens)
    const usage = request.usage ?? estimate ?? noUsage
    const pricing = this.#ports.price(request, usage)
    for (const code of pricing.warnings) this.#remarks.onPriceWarning(code)
    const row = this.#row(request, place, hash53(identity), keys, usage, pricing, estimate)
    if (keys === own) this.#keepMessages(keys)
    else this.#keepTextOf(own, keys)
    this.#requests.add(row)
  }

  #row(
    request: Request,
    place: Place,
    identity: number,
    keys: RequestKeys,
    usage: Usage,
    pricing: Pricing,
    estimate: Usage | null,
  ): readonly Cell[] {
    const cost = pricing.kind === 'priced' ? pricing.cost : null
    const tip = keys.chain[keys.chain.length - 1]
    const { content } = this.#options
    const extra = extraOf(request, pricing, estimate, content, this.#fewValues, this.#shownWords)
    return [
      place.line,
      place.byteOffset,
      identity,
      this.#shownWords.id(request.id),
      this.#shownWords.id(request.responseId),
      this.#profile(request),
      request.at ?? null,
      request.latencyMs ?? null,
      request.firstTokenMs ?? null,
      usage.inputTokens,
      usage.cacheReadTokens,
      usage.cacheWrite5mTokens,
      usage.cacheWrite1hTokens,
      usage.outputTokens,
      usage.reasoningTokens,
      ...costCells(cost),
      request.loggedCostNanoUsd ?? null,
      pricing.kind === 'priced' ? this.#price(pricing) : null,
      this.#flags(request, pricing),
      this.#shownWords.name(request.user),
      this.#shownWords.name(request.session),
      this.#shownWords.name(request.trace),
      keys.exactKey,
      keys.questionKey,
      tip?.hash ?? null,
      keys.answer?.hash ?? null,
      keys.prefix.systemKey,
      prefixTokens(keys.prefix.systemBytes, keys.prefix.promptBytes, usage),
      keys.prefix.historyKey,
      prefixTokens(keys.prefix.historyBytes, keys.prefix.promptBytes, usage),
      keys.stepKey,
      extra,
    ]
  }

  #flags(request: Request, pricing: Pricing): number {
    const flags = flagsOf(request, pricing, this.#ports.difficultyOf(request))
    return hasOwnTags(request, this.#fewValues) ? flags | flag.ownTags : flags
  }

  #profile(request: Request): number {
    const cells = profileCells(request, this.#options.format, this.#fewValues)
    if (areSame(cells, this.#lastProfile.cells)) return this.#lastProfile.number
    const number = this.#profileNumber(cells)
    this.#lastProfile = { cells, number }
    return number
  }

  #profileNumber(cells: readonly Cell[]): number {
    const key = unambiguous(cells)
    const known = this.#profileNumbers.get(key)
    if (known !== undefined) return known
    if (this.#profileNumbers.size >= profileLimit) this.#profileNumbers.clear()
    const number = this.#profileCount++
    this.#profileNumbers.set(key, number)
    this.#words.profiles.push([number, JSON.stringify(this.#shownWords.profile(cells))])
    return number
  }

  #price(pricing: Extract<Pricing, { kind: 'priced' }>): number {
    const { id } = pricing.price
    const known = this.#priceNumbers.get(id)
    if (known !== undefined) return known
    const number = this.#priceNumbers.size
    this.#priceNumbers.set(id, number)
    this.#words.prices.push([number, id, JSON.stringify(pricing.price)])
    return number
  }

  #keepMessages(keys: RequestKeys): void {
    for (const link of keys.chain) this.#keepLink(link)
    if (keys.answer !== null) this.#keepLink(keys.answer)
  }

  /** Under the given keys, what is left of the text that they were made of: redacted, or nothing. */
  #keepTextOf(own: RequestKeys, keys: RequestKeys): void {
    const isWhole = own.chain.length === keys.chain.length
    for (const [index, link] of keys.chain.entries())
      this.#keepLink(link, isWhole ? (own.chain[index] as Link).content : null)
    if (keys.answer !== null) this.#keepLink(keys.answer, own.answer?.content ?? null)
  }

  #keepLink(link: Link, text: string | null = link.content): void {
    const key = keyNumber(link.hash)
    if (this.#knownLinks.has(key)) return
    const content = text !== null && this.#options.content === 'full' ? this.#shown(text) : null
    this.#messages.add([key, link.hash, link.parent, link.role, content, link.isJson ? 1 : 0])
  }

  #shown(text: string): string {
    return this.#options.redact ? redact(text) : text
  }
}

type Held = {
  readonly request: Request
  readonly place: Place
  readonly countTokens: ((text: string) => number) | null
  readonly identity: string
}

/** The same call logged again right after: same id, model and variant. The store judges rows that stand apart. */
const isRepeat = (a: Held, b: Held): boolean =>
  a.identity === b.identity &&
  a.request.model === b.request.model &&
  a.request.variant === b.request.variant &&
  a.request.replay === b.request.replay &&
  Math.abs((a.request.at ?? 0) - (b.request.at ?? 0)) <= repeatWithinMs

const repeatWithinMs = 86_400_000

const areSame = (a: readonly Cell[], b: readonly Cell[]): boolean =>
  a.length === b.length && a.every((cell, index) => cell === b[index])

/** Cells as one text, each behind its length: no two lists of cells give the same. */
function unambiguous(cells: readonly Cell[]): string {
  let text = ''
  for (const cell of cells) text += cell === null ? '-' : `${String(cell).length}:${cell}`
  return text
}

/**
 * A prefix's share of the prompt's text, of the tokens the provider counted; never more tokens than it has bytes, since
 * a log may leave out a part of the prompt that was billed.
 */
function prefixTokens(bytes: number, promptBytes: number, usage: Usage): number {
  if (promptBytes === 0) return 0
  return Math.min(bytes, Math.round((bytes / promptBytes) * totalInputTokens(usage)))
}

const noKeys: RequestKeys = {
  chain: [],
  exactKey: null,
  questionKey: null,
  prefix: noPrefix,
  stepKey: null,
  answer: null,
}

function costCells(cost: CostByClass | null): readonly Cell[] {
  if (cost === null) return [null, null, null, null, null, null, null]
  return [
    cost.input,
    cost.cacheRead,
    cost.cacheWrite,
    cost.output,
    cost.tools,
    cost.other,
    costTotal(cost),
  ]
}
