import type { DialectName } from '../domain/call.ts'
import type { Operation } from '../domain/request.ts'
import type { KnownProvider } from '../providers/catalogue.ts'

/** What a path of the data port is. */
export type Endpoint = {
  /** Under a provider's base URL, which ends in "/v1": "/chat/completions", with its query. */
  readonly path: string
  /** The wire format in which it asks for an answer; null: bytes that are passed on. */
  readonly dialect: DialectName | null
  readonly operation: Operation
  /** How its answers are written: as its dialect has it, or as `/v1/complete` has it. */
  readonly answers: 'dialect' | 'completion'
  /** The provider that the request names; null: the model tells, else the dialect. */
  readonly provider: KnownProvider | null
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

/** The endpoint of a path below "/v1". Only what is posted asks a model. */
export function endpointOf(method: string, path: string, provider: KnownProvider | null): Endpoint {
  const [bare = ''] = path.split('?', 1)
  const plain = Object.hasOwn(kinds, bare) ? bare : plainPath(bare)
  const kind = method === 'POST' && Object.hasOwn(kinds, plain) ? kinds[plain] : undefined
  if (kind === undefined) return { path, provider, ...other }
  return { path: plain === bare ? path : plain + path.slice(bare.length), provider, ...kind }
}

/** As servers read it that are not strict: another spelling must be no way around caches and budgets. */
function plainPath(path: string): string {
  try {
    return decodeURIComponent(path)
      .replaceAll(/\/{2,}/g, '/')
      .replace(/\/$/, '')
  } catch {
    return path
  }
}
