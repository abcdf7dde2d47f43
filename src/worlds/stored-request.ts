import type { RequestLookup, StoredMessage } from '../domain/columns.ts'
import type { Json, JsonObject } from '../domain/json.ts'
import type { Answer, Message, Prompt, Request } from '../domain/request.ts'
import { flag, type Profile } from '../domain/row.ts'
import type { Usage } from '../domain/usage.ts'
import type { Columns } from './history-columns.ts'

/** Prompts kept after they were looked up: rules, guards and reports ask for the same one again. */
const keptPrompts = 2000

/**
 * Requests as the log told them. Words that many share come from their profile, numbers from the columns; texts are
 * looked up when they are asked for, since most decisions need none.
 */
export function storedRequests(
  columns: Columns,
  profiles: readonly Profile[],
  lookup: RequestLookup,
): (place: number) => Request {
  const shared = profiles.map((profile) => (profile === undefined ? noWords : wordsOf(profile)))
  const prompts = new Map<number, Prompt | undefined>()
  const users = new Map<number, string | undefined>()
  const text = (place: number, column: 'user' | 'session' | 'trace'): string | undefined => {
    const key = columns[column][place] as number
    if (Number.isNaN(key)) return undefined
    if (column === 'user' && users.has(key)) return users.get(key)
    const found = lookup.textOf(columns.seq[place] as number, column) ?? undefined
    if (column === 'user') users.set(key, found)
    return found
  }
  const promptAt = (place: number): Prompt | undefined => {
    const tip = columns.promptTip[place] as number
    if (prompts.has(tip)) return prompts.get(tip)
    if (prompts.size >= keptPrompts) prompts.clear()
    const prompt = promptOf(lookup.messagesOf(columns.seq[place] as number))
    prompts.set(tip, prompt)
    return prompt
  }
  const extraAt = (place: number) => lookup.extraOf(columns.seq[place] as number)
  return (place) => {
    const words = shared[columns.profile[place] as number] ?? noWords
    // What it does not know reads as undefined, which nobody tells from absent.
    return new StoredRequest(words, place, columns, {
      text,
      promptAt,
      extraAt,
    }) as unknown as Request
  }
}

type LookUps = {
  readonly text: (place: number, column: 'user' | 'session' | 'trace') => string | undefined
  readonly promptAt: (place: number) => Prompt | undefined
  readonly extraAt: (place: number) => Readonly<Record<string, unknown>>
}

/** One request, whose fields are found out when they are read. */
class StoredRequest {
  readonly #words: Words
  readonly #place: number
  readonly #columns: Columns
  readonly #lookUps: LookUps

  constructor(words: Words, place: number, columns: Columns, lookUps: LookUps) {
    Object.assign(this, words.plain)
    this.#words = words
    this.#place = place
    this.#columns = columns
    this.#lookUps = lookUps
  }

  /** Freely worded fields stand with the request where its file has shown too many values of them. */
  get tags(): ReadonlyMap<string, string> | undefined {
    if (this.#words.tags !== undefined || !this.#has(flag.ownTags)) return this.#words.tags
    const own = this.#lookUps.extraAt(this.#place)['tags']
    return typeof own === 'string' ? tagsOf(own) : undefined
  }

  get documentVersion(): string | undefined {
    return (
      this.#words.documentVersion ??
      (this.#lookUps.extraAt(this.#place)['documentVersion'] as string | undefined)
    )
  }

  get user(): string | undefined {
    return this.#lookUps.text(this.#place, 'user')
  }

  get session(): string | undefined {
    return this.#lookUps.text(this.#place, 'session')
  }

  get trace(): string | undefined {
    return this.#lookUps.text(this.#place, 'trace')
  }

  get prompt(): Prompt | undefined {
    return this.#lookUps.promptAt(this.#place)
  }

  get usage(): Usage {
    return usageAt(this.#columns, this.#place)
  }

  get streamed(): boolean {
    return this.#has(flag.streamed)
  }

  get requiresReasoning(): boolean | undefined {
    return this.#has(flag.requiresReasoning) || undefined
  }

  get diffLines(): number | undefined {
    return this.#lookUps.extraAt(this.#place)['diffLines'] as number | undefined
  }

  get paths(): readonly string[] | undefined {
    return this.#lookUps.extraAt(this.#place)['paths'] as readonly string[] | undefined
  }

  #has(bit: number): boolean {
    return ((this.#columns.flags[this.#place] as number) & bit) !== 0
  }
}

function usageAt(columns: Columns, place: number): Usage {
  const cell = (name: keyof Usage): number => columns[name][place] as number
  return {
    inputTokens: cell('inputTokens'),
    cacheReadTokens: cell('cacheReadTokens'),
    cacheWrite5mTokens: cell('cacheWrite5mTokens'),
    cacheWrite1hTokens: cell('cacheWrite1hTokens'),
    outputTokens: cell('outputTokens'),
    reasoningTokens: cell('reasoningTokens'),
  }
}

const textWords = [
  'provider',
  'requestedModel',
  'feature',
  'plan',
  'team',
  'namespace',
  'route',
  'target',
  'key',
  'task',
  'agentRole',
  'promptVersion',
  'serviceTier',
  'speed',
  'inferenceGeo',
  'region',
] as const satisfies readonly (keyof Profile & keyof Request)[]

/** What a profile says of a request, absent where it says nothing. */
type Words = {
  readonly plain: Readonly<Record<string, unknown>>
  readonly tags: ReadonlyMap<string, string> | undefined
  readonly documentVersion: string | undefined
}

const noWords: Words = {
  plain: { model: '', operation: 'other', status: 'ok' },
  tags: undefined,
  documentVersion: undefined,
}

function wordsOf(profile: Profile): Words {
  const words: Record<string, unknown> = {
    model: profile.model ?? '',
    operation: profile.operation ?? 'chat',
    status: profile.status ?? 'ok',
  }
  for (const name of textWords) if (profile[name] !== null) words[name] = profile[name]
  if (profile.params !== null) words['params'] = JSON.parse(profile.params) as JsonObject
  return {
    plain: words,
    tags: profile.tags === null ? undefined : tagsOf(profile.tags),
    documentVersion: profile.documentVersion ?? undefined,
  }
}

const tagsOf = (json: string): ReadonlyMap<string, string> =>
  new Map(JSON.parse(json) as readonly (readonly [string, string])[])

/** A stored chain as a prompt; undefined where no text is kept. */
function promptOf(chain: readonly StoredMessage[]): Prompt | undefined {
  if (chain.length === 0 || chain.some(({ content }) => content === null)) return undefined
  const messages: Message[] = []
  const prompt: { messages: Message[]; system?: Json; tools?: Json } = { messages }
  for (const link of chain) {
    const message = messageOf(link)
    if (link.role === 'tools') prompt.tools = message.content
    else if (link.role === 'system' && messages.length === 0 && prompt.system === undefined)
      prompt.system = message.content
    else messages.push(message)
  }
  return prompt
}

function messageOf({ role, content, isJson }: StoredMessage): Message {
  if (!isJson) return { role, content }
  const { content: inner, ...rest } = JSON.parse(content ?? '{}') as JsonObject
  const message = { role, content: inner ?? '' }
  return Object.keys(rest).length === 0 ? message : { ...message, rest: rest as JsonObject }
}

/** An answer as the store keeps it; null where its text is not kept. */
export function answerOf(link: StoredMessage | null, finishReason: string | null): Answer | null {
  if (link === null || link.content === null) return null
  const { content, rest } = messageOf(link)
  const calls = (rest as { tool_calls?: readonly Json[] } | undefined)?.tool_calls
  return {
    text: typeof content === 'string' ? content : JSON.stringify(content),
    ...(calls !== undefined && { toolCalls: calls }),
    ...(finishReason !== null && { finishReason }),
  }
}
