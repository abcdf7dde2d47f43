import { dialectOf } from '../dialects/dialects.ts'
import type { DialectName } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { JsonObject } from '../domain/json.ts'
import { outputLimitOf } from '../engine/body-bound.ts'
import { withOutputCap } from '../engine/upper-bound.ts'
import type { PrefixPolicy } from '../policy/caching.ts'
import type { ForwardRequest } from '../providers/forward.ts'
import { badRequest } from './bad-request.ts'
import { cacheMarkEdits } from './cache-marks.ts'
import { type BodyEdit, editBody } from './edit-body.ts'
import type { Inbound } from './inbound.ts'
import { ownHeaders, upstreamHeaders } from './pass-headers.ts'
import type { Rewrites } from './rewrites.ts'
import type { Destination } from './upstreams.ts'

/** A call as it goes out. */
export type Outgoing = {
  /** "openai:gpt-4o-mini" */
  readonly target: string
  readonly request: ForwardRequest
  /** What the provider speaks; null: bytes that nobody reads. */
  readonly dialect: DialectName | null
  /** Whether the caller's bytes are understood by the provider, and the provider's by the caller. */
  readonly isSameDialect: boolean
  /** A stream tells its usage though the caller did not ask for it. */
  readonly addsUsage: boolean
  /** What was changed in the caller's request, by name. */
  readonly rewrites: readonly string[]
}

/** What changes every request of this policy, and what its rules change in this one. */
export type OutgoingOptions = {
  readonly prefix: PrefixPolicy
  readonly rewrites: Rewrites
  /** Whether it is the provider that the caller meant: nobody else gets the caller's credentials. */
  readonly isHome: boolean
  /** Whether a largest output is asked for where the caller names none. */
  readonly capsOutput: boolean
}

/** Said in the caller's own bytes where the provider speaks the same dialect, else translated. */
export function outgoingOf(
  inbound: Inbound,
  destination: Destination,
  options: OutgoingOptions,
): Outgoing | { readonly fault: Fault } {
  const { dialect: asked } = inbound.endpoint
  if (asked === null || inbound.body === null) return passedOn(inbound, destination, options)
  const spoken = destination.upstream.provider.dialect
  return isSameFamily(asked, spoken)
    ? sameDialect(inbound, inbound.body, asked, destination, options)
    : translated(inbound, inbound.body, asked, spoken, destination, options)
}

/** Whoever speaks chat completions is asked for responses too: many do, and say so where they do not. */
const isSameFamily = (asked: DialectName, spoken: DialectName): boolean =>
  (asked === 'anthropic-messages') === (spoken === 'anthropic-messages')

function passedOn(
  inbound: Inbound,
  destination: Destination,
  { isHome }: OutgoingOptions,
): Outgoing {
  const { body, bytes } = inbound
  const isRenamed =
    body !== null && typeof body['model'] === 'string' && body['model'] !== destination.model
  const sent =
    isRenamed && body !== null
      ? editBody(bytes, body, [{ name: 'model', value: destination.model }])
      : bytes
  return {
    target: destination.target,
    request: requestOf(
      inbound,
      destination,
      inbound.endpoint.path,
      sent,
      upstreamHeaders(inbound, destination.upstream, isHome),
    ),
    dialect: null,
    isSameDialect: true,
    addsUsage: false,
    rewrites: isRenamed ? ['model'] : [],
  }
}

function sameDialect(
  inbound: Inbound,
  body: JsonObject,
  dialect: DialectName,
  destination: Destination,
  { prefix, rewrites, isHome, capsOutput }: OutgoingOptions,
): Outgoing {
  const addsUsage = dialect === 'openai-chat' && body['stream'] === true && !asksForUsage(body)
  const edits: BodyEdit[] = [...rewrites.edits]
  const names = [...rewrites.names]
  if (body['model'] !== destination.model) {
    edits.push({ name: 'model', value: destination.model })
    names.push('model')
  }
  const cap = capsOutput ? outputLimitOf(dialect, withEdits(body, edits)).inject : null
  if (cap !== null) {
    edits.push({ name: cap.field, value: cap.value })
    names.push('largest-output')
  }
  if (addsUsage) edits.push({ name: 'stream_options', value: withUsage(body) })
  const marks =
    dialect === 'anthropic-messages' ? cacheMarkEdits(withEdits(body, edits), prefix) : []
  if (marks.length > 0) names.push('cache-marks')
  const bytes = editBody(inbound.bytes, body, lastOfEach([...edits, ...marks]))
  return {
    target: destination.target,
    request: requestOf(
      inbound,
      destination,
      inbound.endpoint.path,
      bytes,
      upstreamHeaders(inbound, destination.upstream, isHome),
    ),
    dialect,
    isSameDialect: true,
    addsUsage,
    rewrites: names,
  }
}

const withEdits = (body: JsonObject, edits: readonly BodyEdit[]): JsonObject =>
  edits.length === 0
    ? body
    : { ...body, ...Object.fromEntries(edits.map(({ name, value }) => [name, value])) }

/** Where two edits are of one field, the later was made of the earlier. */
const lastOfEach = (edits: readonly BodyEdit[]): readonly BodyEdit[] => [
  ...new Map(edits.map((edit) => [edit.name, edit])).values(),
]

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
  { prefix, rewrites, capsOutput }: OutgoingOptions,
): Outgoing | { readonly fault: Fault } {
  const call = dialectOf(asked).readCall(withEdits(body, rewrites.edits))
  const dialect = dialectOf(spoken)
  const asking = { ...call, model: destination.model }
  const written = dialect.writeCall(capsOutput ? withOutputCap(asking) : asking)
  const refused = written.losses.filter(({ level }) => level === 'refused')
  if (refused.length > 0) {
    const what = refused.map(({ field, why }) => `${field}: ${why}`).join('; ')
    return { fault: badRequest(`${destination.target} cannot be asked this: ${what}`) }
  }
  const marks = spoken === 'anthropic-messages' ? cacheMarkEdits(written.body, prefix) : []
  const bytes = Buffer.from(JSON.stringify(withEdits(written.body, marks)))
  const lost = written.losses.map(({ field }) => `without ${field}`)
  const marked = marks.length > 0 ? ['cache-marks'] : []
  return {
    target: destination.target,
    request: requestOf(inbound, destination, dialect.path, bytes, ownHeaders(destination.upstream)),
    dialect: spoken,
    isSameDialect: false,
    addsUsage: false,
    rewrites: [...rewrites.names, 'model', 'translated', ...marked, ...lost],
  }
}

const requestOf = (
  inbound: Inbound,
  { upstream }: Destination,
  path: string,
  bytes: Buffer,
  headers: readonly string[],
): ForwardRequest => ({
  origin: upstream.origin,
  path: `${upstream.base}${path}`,
  method: inbound.method,
  headers,
  body: bytes.length === 0 ? null : bytes,
})
