import type { DialectName } from '../domain/call.ts'
import type { Operation } from '../domain/request.ts'

/** What a path of the data port is. */
export type Endpoint = {
  /** Under a provider's base URL, which ends in "/v1": "/chat/completions", with its query. */
  readonly path: string
  /** The wire format in which it asks for an answer; null: bytes that are passed on. */
  readonly dialect: DialectName | null
  readonly operation: Operation
  /** How its answers are written: as its dialect has it, or as `/v1/complete` has it. */
  readonly answers: 'dialect' | 'completion'
  /** The provider that the path names ("/groq/v1/…"); null: the model tells, else the dialect. */
  readonly provider: string | null
}

type Kind = Pick<Endpoint, 'dialect' | 'operation' | 'answers'>

const kinds: Readonly<Record<string, Kind>> = {
  '/chat/completions': { dialect: 'openai-chat', operation: 'chat', answers: 'dialect' },
  '/responses': { dialect: 'openai-responses', operation: 'chat', answers: 'dialect' },
  '/messages': { dialect: 'anthropic-messages', operation: 'chat', answers: 'dialect' },
  '/complete': { dialect: 'openai-chat', operation: 'chat', answers: 'completion' },
  '/embeddings': { dialect: null, operation: 'embedding', answers: 'dialect' },
  '/completions': { dialect: null, operation: 'completion', answers: 'dialect' },
}

const other: Kind = { dialect: null, operation: 'other', answers: 'dialect' }

/** The endpoint of a request's path ("/v1/messages?beta=true"); null where there is none. */
export function endpointOf(url: string): Endpoint | null {
  const [, provider, path] = /^(?:\/([A-Za-z0-9_-]+))?\/v1(\/[^?#]*(?:\?[^#]*)?)/.exec(url) ?? []
  if (path === undefined || isClimbing(path)) return null
  const [bare = ''] = path.split('?')
  const kind = Object.hasOwn(kinds, bare) ? kinds[bare] : undefined
  return { path, provider: provider ?? null, ...(kind ?? other) }
}

/** A path that would leave the provider's base URL. */
const isClimbing = (path: string): boolean => /(?:^|\/)(?:\.|%2e){1,2}(?:[/?]|$)/i.test(path)
