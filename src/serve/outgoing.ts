import { dialectOf } from '../dialects/dialects.ts'
import type { DialectName, Loss } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { JsonObject } from '../domain/json.ts'
import type { ForwardRequest } from '../providers/forward.ts'
import { badRequest } from './bad-request.ts'
import { type BodyEdit, editBody } from './edit-body.ts'
import type { Inbound } from './inbound.ts'
import { upstreamHeaders } from './pass-headers.ts'
import type { Destination } from './upstreams.ts'

/** A call as it goes out. */
export type Outgoing = {
  readonly request: ForwardRequest
  /** What the provider speaks; null: bytes that nobody reads. */
  readonly dialect: DialectName | null
  /** Whether the caller's bytes are understood by the provider, and the provider's by the caller. */
  readonly isSameDialect: boolean
  /** A stream tells its usage though the caller did not ask for it. */
  readonly addsUsage: boolean
  readonly losses: readonly Loss[]
}

/** Said in the caller's own bytes where the provider speaks the same dialect, else translated. */
export function outgoingOf(
  inbound: Inbound,
  destination: Destination,
): Outgoing | { readonly fault: Fault } {
  const { dialect: asked } = inbound.endpoint
  if (asked === null || inbound.body === null) return passedOn(inbound, destination)
  const spoken = destination.upstream.provider.dialect
  return isSameFamily(asked, spoken)
    ? sameDialect(inbound, inbound.body, asked, destination)
    : translated(inbound, inbound.body, asked, spoken, destination)
}

/** Whoever speaks chat completions is asked for responses too: many do, and say so where they do not. */
const isSameFamily = (asked: DialectName, spoken: DialectName): boolean =>
  (asked === 'anthropic-messages') === (spoken === 'anthropic-messages')

function passedOn(inbound: Inbound, destination: Destination): Outgoing {
  const { body, bytes } = inbound
  const isRenamed =
    body !== null && typeof body['model'] === 'string' && body['model'] !== destination.model
  const sent =
    isRenamed && body !== null
      ? editBody(bytes, body, [{ name: 'model', value: destination.model }])
      : bytes
  return {
    request: requestOf(inbound, destination, inbound.endpoint.path, sent),
    dialect: null,
    isSameDialect: true,
    addsUsage: false,
    losses: [],
  }
}

function sameDialect(
  inbound: Inbound,
  body: JsonObject,
  dialect: DialectName,
  destination: Destination,
): Outgoing {
  const addsUsage = dialect === 'openai-chat' && body['stream'] === true && !asksForUsage(body)
  const edits: BodyEdit[] = []
  if (body['model'] !== destination.model) edits.push({ name: 'model', value: destination.model })
  if (addsUsage) edits.push({ name: 'stream_options', value: withUsage(body) })
  return {
    request: requestOf(
      inbound,
      destination,
      inbound.endpoint.path,
      editBody(inbound.bytes, body, edits),
    ),
    dialect,
    isSameDialect: true,
    addsUsage,
    losses: [],
  }
}

const optionsOf = (body: JsonObject): JsonObject => {
  const options = body['stream_options']
  return typeof options === 'object' && options !== null && !Array.isArray(options)
    ? (options as JsonObject)
    : {}
}

export const asksForUsage = (body: JsonObject): boolean => optionsOf(body)['include_usage'] === true

const withUsage = (body: JsonObject): JsonObject => ({ ...optionsOf(body), include_usage: true })

function translated(
  inbound: Inbound,
  body: JsonObject,
  asked: DialectName,
  spoken: DialectName,
  destination: Destination,
): Outgoing | { readonly fault: Fault } {
  const call = { ...dialectOf(asked).readCall(body), model: destination.model }
  const dialect = dialectOf(spoken)
  const written = dialect.writeCall(call)
  const refused = written.losses.filter(({ level }) => level === 'refused')
  if (refused.length > 0) {
    const what = refused.map(({ field, why }) => `${field}: ${why}`).join('; ')
    return { fault: badRequest(`${destination.target} cannot be asked this: ${what}`) }
  }
  const bytes = Buffer.from(JSON.stringify(written.body))
  return {
    request: requestOf(inbound, destination, dialect.path, bytes),
    dialect: spoken,
    isSameDialect: false,
    addsUsage: false,
    losses: written.losses,
  }
}

const requestOf = (
  inbound: Inbound,
  { upstream }: Destination,
  path: string,
  bytes: Buffer,
): ForwardRequest => ({
  origin: upstream.origin,
  path: `${upstream.base}${path}`,
  method: inbound.method,
  headers: upstreamHeaders(inbound, upstream),
  body: bytes.length === 0 ? null : bytes,
})
