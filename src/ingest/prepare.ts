import { noPrefix, type RequestKeys } from '../domain/keys.ts'
import { type CostByClass, costTotal, type Pricing } from '../domain/price.ts'
import type { Request } from '../domain/request.ts'
import {
  type Cell,
  difficultyShift,
  flag,
  hash53,
  type MessageRow,
  profileFields,
  type RequestRow,
} from '../domain/row.ts'
import { noUsage, totalInputTokens, type Usage } from '../domain/usage.ts'
import type { ContentMode, IngestPorts } from './ports.ts'
import { redact } from './redact.ts'

export type Place = { readonly line: number; readonly byteOffset: number }

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
  readonly requests: RequestRow[]
  readonly messages: MessageRow[]
  readonly aggregates: string[]
}

/** Distinct values of a freely worded field beyond which it is kept with each request and not in profiles. */
const profileValueLimit = 1000
const profileLimit = 20_000
/** Remembered links, so that a shared prefix is stored once; a forgotten one is stored again and merged later. */
const knownLinkLimit = 100_000

/** Turns requests into rows: keys first, then redaction, price, profile. One per file. */
export class Preparer {
  readonly #ports: IngestPorts
  readonly #options: PrepareOptions
  readonly #profileNumbers = new Map<string, number>()
  readonly #priceNumbers = new Map<string, number>()
  readonly #knownLinks = new Set<string>()
  readonly #values = new Map<string, Set<string>>()
  #profileCount = 0
  #out: Prepared = emptyPrepared()

  constructor(ports: IngestPorts, options: PrepareOptions) {
    this.#ports = ports
    this.#options = options
  }

  /** Takes what has been prepared since the last call. */
  take(): Prepared {
    const out = this.#out
    this.#out = emptyPrepared()
    return out
  }

  add(request: Request, place: Place, countTokens: ((text: string) => number) | null): void {
    if (request.aggregateOf !== undefined) {
      this.#out.aggregates.push(
        JSON.stringify(request, (_, value) =>
          value instanceof Map ? Object.fromEntries(value) : value,
        ),
      )
      return
    }
    const keys = this.#options.content === 'none' ? noKeys : this.#ports.keysOf(request)
    const estimate = estimateFor(request, countTokens)
    const usage = request.usage ?? estimate ?? noUsage
    const pricing = this.#ports.price(request, usage)
    this.#keepMessages(keys)
    this.#out.requests.push(this.#row(request, place, keys, usage, pricing, estimate))
  }

  #row(
    request: Request,
    place: Place,
    keys: RequestKeys,
    usage: Usage,
    pricing: Pricing,
    estimate: Usage | null,
  ): RequestRow {
    const cost = pricing.kind === 'priced' ? pricing.cost : null
    const tip = keys.chain[keys.chain.length - 1]
    const extra = this.#extra(request, pricing, estimate)
    return [
      place.line,
      place.byteOffset,
      hash53(identityOf(request, place, this.#options)),
      request.id ?? null,
      request.responseId ?? null,
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
      request.user ?? null,
      request.session ?? null,
      request.trace ?? null,
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
    const { messages = [], tools } = request.prompt ?? {}
    let flags = this.#ports.difficultyOf(request) << difficultyShift
    const isEstimate = request.usage === undefined || request.usageEstimated === true
    if (isEstimate && request.servedFromCache !== true) flags |= flag.estimated
    if (pricing.kind === 'unpriced') flags |= flag.unpriced
    if (request.servedFromCache === true) flags |= flag.servedFromCache
    if (request.streamed === true) flags |= flag.streamed
    if (request.outputUsed === false || request.status === 'cancelled') flags |= flag.outputUnused
    if (request.replay === true) flags |= flag.replay
    if (request.requiresReasoning === true) flags |= flag.requiresReasoning
    if (request.answer?.finishReason === 'length' || request.answer?.finishReason === 'max_tokens')
      flags |= flag.truncated
    if (Array.isArray(tools) && tools.length > 0) flags |= flag.hasTools
    if (messages.some((message) => Array.isArray(message.content) && hasImage(message.content)))
      flags |= flag.hasImages
    return flags
  }

  #profile(request: Request): number {
    const cells = profileFields.map((field) => this.#profileCell(request, field))
    const key = cells.join('\u0000')
    const known = this.#profileNumbers.get(key)
    if (known !== undefined) return known
    if (this.#profileNumbers.size >= profileLimit) this.#profileNumbers.clear()
    const number = this.#profileCount++
    this.#profileNumbers.set(key, number)
    this.#out.profiles.push([number, JSON.stringify(cells)])
    return number
  }

  #profileCell(request: Request, field: (typeof profileFields)[number]): Cell {
    switch (field) {
      case 'format':
        return this.#options.format
      case 'finishReason':
        return request.answer?.finishReason ?? null
      case 'statusCode':
        return request.statusCode === undefined ? null : String(request.statusCode)
      case 'tags':
        return this.#fewValued('tags', tagsJson(request))
      case 'params':
        return this.#fewValued('params', paramsJson(request))
      case 'documentVersion':
        return this.#fewValued('documentVersion', request.documentVersion ?? null)
      default:
        return request[field] ?? null
    }
  }

  /** The value while the file has shown few different ones, else null: it then goes into `extra`. */
  #fewValued(field: string, value: string | null): string | null {
    if (value === null) return null
    let seen = this.#values.get(field)
    if (seen === undefined) {
      seen = new Set()
      this.#values.set(field, seen)
    }
    if (seen.has(value)) return value
    if (seen.size >= profileValueLimit) return null
    seen.add(value)
    return value
  }

  #price(pricing: Extract<Pricing, { kind: 'priced' }>): number {
    const { id } = pricing.price
    const known = this.#priceNumbers.get(id)
    if (known !== undefined) return known
    const number = this.#priceNumbers.size
    this.#priceNumbers.set(id, number)
    this.#out.prices.push([number, id, JSON.stringify(pricing.price)])
    return number
  }

  #keepMessages(keys: RequestKeys): void {
    for (const link of keys.chain) this.#keepLink(link)
    if (keys.answer !== null) this.#keepLink(keys.answer)
  }

  #keepLink(link: RequestKeys['chain'][number]): void {
    if (this.#knownLinks.has(link.hash)) return
    if (this.#knownLinks.size >= knownLinkLimit) this.#knownLinks.clear()
    this.#knownLinks.add(link.hash)
    const content = this.#options.content === 'full' ? this.#shown(link.content) : null
    this.#out.messages.push([link.hash, link.parent, link.role, content, link.isJson ? 1 : 0])
  }

  #shown(text: string): string {
    return this.#options.redact ? redact(text) : text
  }

  #extra(request: Request, pricing: Pricing, estimate: Usage | null): string | null {
    const extra: Record<string, unknown> = {}
    const content = this.#options.content === 'full'
    if (request.error !== undefined) {
      extra['error'] = content ? this.#shown(request.error).slice(0, 2000) : 'withheld'
    }
    for (const name of keptAsTheyAre) {
      if (request[name] !== undefined) extra[name] = request[name]
    }
    if (content && request.paths !== undefined) extra['paths'] = request.paths
    if (request.answer?.choices !== undefined) extra['choices'] = request.answer.choices
    if (estimate !== null) extra['estimate'] = [estimate.inputTokens, estimate.outputTokens]
    this.#addOverflow(request, extra)
    if (request.warnings !== undefined || pricing.warnings.length > 0) {
      extra['warnings'] = [...(request.warnings ?? []), ...pricing.warnings]
    }
    for (const _ in extra) return JSON.stringify(extra)
    return null
  }

  /** Freely worded fields of too many values for profiles. */
  #addOverflow(request: Request, extra: Record<string, unknown>): void {
    for (const [field, seen] of this.#values) {
      if (seen.size < profileValueLimit) continue
      const value = freelyWorded[field]?.(request) ?? null
      if (value !== null && !seen.has(value)) extra[field] = value
    }
  }
}

/** Fields of a request that go into `extra` unchanged. */
const keptAsTheyAre = [
  'answerLabel',
  'embedding',
  'promptBlocks',
  'fees',
  'variant',
  'diffLines',
] as const satisfies readonly (keyof Request)[]

/** A prefix's share of the prompt's text, of the tokens the provider counted. */
function prefixTokens(bytes: number, promptBytes: number, usage: Usage): number {
  return promptBytes === 0 ? 0 : Math.round((bytes / promptBytes) * totalInputTokens(usage))
}

const noKeys: RequestKeys = {
  chain: [],
  exactKey: null,
  questionKey: null,
  prefix: noPrefix,
  stepKey: null,
  answer: null,
}

const emptyPrepared = (): Prepared => ({
  profiles: [],
  prices: [],
  requests: [],
  messages: [],
  aggregates: [],
})

const tagsJson = ({ tags }: Request): string | null =>
  tags === undefined ? null : JSON.stringify([...tags].sort(([a], [b]) => (a < b ? -1 : 1)))

const paramsJson = ({ params }: Request): string | null =>
  params === undefined ? null : JSON.stringify(params)

const freelyWorded: Readonly<Record<string, (request: Request) => string | null>> = {
  tags: tagsJson,
  params: paramsJson,
  documentVersion: (request) => request.documentVersion ?? null,
}

/** Ids that providers make are unique everywhere and link two logs of one call. */
const providerResponseId = /^(?:chatcmpl-|cmpl-|resp_|msg_|gen-)/

/** What makes two rows the same request: the provider's response id, else the log's own id, else the place in the file. */
export function identityOf(request: Request, place: Place, options: PrepareOptions): string {
  const { responseId, id } = request
  if (
    responseId !== undefined &&
    request.servedFromCache !== true &&
    providerResponseId.test(responseId)
  ) {
    return `response ${responseId}`
  }
  if (id !== undefined) return `${options.format} ${id}`
  return `place ${options.fileKey} ${place.byteOffset}`
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

/** Tokens that frame a chat, per message and once (OpenAI cookbook, "How to count tokens"). */
const tokensPerMessage = 3
const tokensOfPriming = 3

/** The usage that is an estimate: one the log gives as such, or one counted here. */
function estimateFor(
  request: Request,
  countTokens: ((text: string) => number) | null,
): Usage | null {
  if (request.usage !== undefined) return request.usageEstimated === true ? request.usage : null
  return countTokens === null ? null : estimateOf(request, countTokens)
}

/** Usage counted from the text where the log has none; tools and images are not text, so it errs low. */
function estimateOf(request: Request, countTokens: (text: string) => number): Usage {
  const { prompt, answer } = request
  const textOf = (value: unknown) =>
    typeof value === 'string' ? value : JSON.stringify(value ?? '')
  let input = 0
  if (prompt !== undefined) {
    input = tokensOfPriming
    if (prompt.system !== undefined) input += countTokens(textOf(prompt.system)) + tokensPerMessage
    if (prompt.tools !== undefined) input += countTokens(textOf(prompt.tools))
    for (const message of prompt.messages)
      input += countTokens(textOf(message.content)) + tokensPerMessage
  }
  const calls = answer?.toolCalls ?? []
  const output =
    countTokens(answer?.text ?? '') + (calls.length > 0 ? countTokens(textOf(calls)) : 0)
  return { ...noUsage, inputTokens: input, outputTokens: output }
}

const hasImage = (content: readonly unknown[]): boolean =>
  content.some((part) => /image/.test(String((part as { type?: unknown } | null)?.type)))
