import { readMessagesRequest } from '../dialects/anthropic-messages.ts'
import type { AskedBody } from '../dialects/body.ts'
import { readChatRequest } from '../dialects/openai-chat.ts'
import { readResponsesRequest } from '../dialects/openai-responses.ts'
import type { DialectName } from '../domain/call.ts'
import { isObject, type JsonObject, textOf } from '../domain/json.ts'
import type { BypassReason } from '../domain/receipt.ts'
import type { Request } from '../domain/request.ts'
import { isStored, isUnshared } from '../engine/unshared.ts'
import type { Hint, TimeoutClassName } from '../policy/when.ts'
import { badRequest, type TurningFault } from './bad-request.ts'
import { isTooDeep, mostLevels } from './body-depth.ts'
import { readCompletion } from './complete.ts'
import type { Endpoint } from './endpoints.ts'
import type { Destination } from './upstreams.ts'
import type { Wishes } from './wishes.ts'

/** A request as it arrived. */
export type Inbound = Arrival &
  Identified & {
    /** Null where the endpoint speaks no dialect and the body is no JSON object. */
    readonly body: JsonObject | null
    readonly request: Request
    readonly bypass: BypassReason | null
  }

export type Arrival = {
  readonly id: string
  /** Milliseconds since 1970 UTC. */
  readonly at: number
  readonly endpoint: Endpoint
  readonly method: string
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  readonly bytes: Buffer
  /** It came with a key of the gateway's own, which no provider is shown. */
  readonly hasGatewayKey: boolean
  readonly wishes: Wishes
}

/** What head and body say together. */
type Identified = {
  /** Where it goes if nobody routes it. */
  readonly home: Destination
  /** The header with the caller's own key of that provider; null: there is none. */
  readonly credential: string | null
  /** The caller shows a key that is not meant for that provider. */
  readonly isKeyWithheld: boolean
  /** The caller's own word for how hard it is. */
  readonly hint: Hint | null
  /** How long it may take, where the caller says; null: as the policy has it. */
  readonly timeoutClass: TimeoutClassName | null
}

/** Who asks and on whose behalf, as headers, key and body say. `model` is '' where none is named. */
export type IdentityOf = (
  body: JsonObject | null,
  model: string,
) => Identified & { readonly context: Partial<Request> }

const readers: Readonly<Record<DialectName, (body: JsonObject) => AskedBody>> = {
  'openai-chat': readChatRequest,
  'openai-responses': readResponsesRequest,
  'anthropic-messages': readMessagesRequest,
}

/**
 * Reads a request in the same way as logs are read, so that what is asked live has the keys that it has in history. A
 * body that its endpoint cannot mean is a fault.
 */
export function readInbound(arrival: Arrival, identityOf: IdentityOf): Inbound | TurningFault {
  const { endpoint, at, bytes } = arrival
  const body = parsed(bytes)
  if (endpoint.dialect !== null && isTooDeep(bytes, body))
    return badRequest(`The body is nested more than ${mostLevels} levels deep.`)
  if (endpoint.answers === 'completion') return readCompletionRequest(arrival, body, identityOf)
  if (endpoint.dialect === null) {
    const object = isObject(body) ? body : null
    const { context, ...identified } = identityOf(object, textOf(object?.['model']) ?? '')
    const request = plainRequest(arrival, object, context)
    return { ...arrival, ...identified, body: object, request, bypass: 'operation' }
  }
  if (!isObject(body)) return badRequest('The body is no JSON object.')
  if (typeof body['model'] !== 'string' || body['model'] === '')
    return badRequest('model: the name of a model is required.')
  const asked = readers[endpoint.dialect](body)
  const model = asked.model ?? body['model']
  const { context, ...identified } = identityOf(body, model)
  const request: Request = {
    at,
    model,
    requestedModel: model,
    operation: endpoint.operation,
    ...(asked.prompt !== undefined && { prompt: asked.prompt }),
    params: asked.params,
    streamed: asked.streamed,
    status: 'ok',
    ...context,
  }
  return { ...arrival, ...identified, body, request, bypass: bypassOf(request) }
}

/** A question in plain words, which is asked as a chat completion. */
function readCompletionRequest(
  arrival: Arrival,
  body: unknown,
  identityOf: IdentityOf,
): Inbound | TurningFault {
  if (!isObject(body)) return badRequest('The body is no JSON object.')
  const read = readCompletion(body)
  if ('kind' in read) return read
  const asked = {
    ...arrival,
    endpoint: { ...arrival.endpoint, path: '/chat/completions', answers: 'dialect' as const },
    bytes: Buffer.from(JSON.stringify(read.body)),
  }
  const inbound = readInbound(asked, (sent, model) => {
    const identity = identityOf(sent, model)
    return { ...identity, context: { ...identity.context, ...read.context } }
  })
  if ('kind' in inbound) return inbound
  const { wishes } = inbound
  const ttlMs = 1000 * (read.cacheTtlSeconds ?? Number.POSITIVE_INFINITY)
  const threshold = read.cacheThreshold ?? Number.NEGATIVE_INFINITY
  return {
    ...inbound,
    endpoint: { ...inbound.endpoint, answers: 'completion' },
    wishes: {
      ...wishes,
      ttlMs: Math.min(wishes.ttlMs, ttlMs),
      threshold: Math.max(wishes.threshold, threshold),
    },
  }
}

function plainRequest(
  { at, endpoint }: Arrival,
  body: JsonObject | null,
  identity: Partial<Request>,
): Request {
  const model = textOf(body?.['model']) ?? ''
  return {
    at,
    model,
    ...(model !== '' && { requestedModel: model }),
    operation: endpoint.operation,
    status: 'ok',
    ...(body?.['stream'] === true && { streamed: true }),
    ...identity,
  }
}

/** What no cache may answer, whatever the policy says. */
function bypassOf(request: Request): BypassReason | null {
  const { prompt, params } = request
  if (prompt === undefined || isUnshared(request)) return 'no-key'
  if (isStored(params)) return 'stored'
  const choices = params?.['n']
  return typeof choices === 'number' && choices > 1 ? 'choices' : null
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
