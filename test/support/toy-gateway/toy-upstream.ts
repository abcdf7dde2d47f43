import { type Agent, type IncomingMessage, request as openRequest } from 'node:http'
import { type JsonObject, objectOf } from '../../../src/domain/json.ts'
import type { HasDefect } from './defects.ts'
import type { ToyRequest } from './toy-request.ts'

export type ToyUpstream = {
  readonly url: string
  readonly agent: Agent
  readonly has: HasDefect
}

const hopHeaders =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|accept-encoding|expect|x-llmcost-.*)$/

/** Sends a request on, to `model` where that is another than was asked for. Rejects where no answer begins. */
export function askUpstream(
  asked: ToyRequest,
  model: string | null,
  { url, agent, has }: ToyUpstream,
  left: AbortSignal,
): Promise<IncomingMessage> {
  const bytes = bodyFor(asked, model, has)
  const target = has('goes where the client says') ? targetOf(asked, url) : url + asked.path
  const kept = has('passes every header on') ? asked.headers : passedOn(asked.headers, hopHeaders)
  const { 'transfer-encoding': _, host: __, ...rest } = kept
  const headers = bytes.length > 0 ? { ...rest, 'content-length': bytes.length } : rest
  return new Promise((resolve, reject) => {
    const request = openRequest(target, { method: asked.method, agent, headers, signal: left })
    request.once('error', reject)
    request.once('response', (response) => {
      request.on('error', () => {})
      resolve(response)
    })
    request.end(bytes)
  })
}

/** Headers without those of a hop, and those that the hop names itself. */
export function passedOn<T>(
  headers: Readonly<Record<string, T>>,
  forbidden: RegExp,
): Record<string, T> {
  const named = String(headers['connection'] ?? '')
    .toLowerCase()
    .split(/\s*,\s*/)
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !forbidden.test(name) && !named.includes(name)),
  )
}

function targetOf({ headers, path }: ToyRequest, url: string): string {
  const host = headers['x-portkey-custom-host'] ?? ''
  const chosen = URL.canParse(host) ? new URL(host).origin : url
  return /^http:/.test(path) ? path : chosen + path
}

/** The bytes that came, but for the few fields that a gateway may change: of two equal names the last one counts. */
function bodyFor(asked: ToyRequest, model: string | null, has: HasDefect): Buffer {
  const { bytes, body, dialect, isStream } = asked
  const isUsageMissing = dialect?.name === 'openai-chat' && isStream && !wantsUsage(body)
  const changed = {
    ...(model !== asked.model && { model }),
    ...(isUsageMissing && { stream_options: { include_usage: true } }),
  }
  if (has('writes bodies anew')) return Buffer.from(JSON.stringify({ ...body, ...changed }))
  if (Object.keys(changed).length === 0) return bytes
  const text = bytes.toString()
  const end = text.lastIndexOf('}')
  return Buffer.from(`${text.slice(0, end)},${JSON.stringify(changed).slice(1)}`)
}

/** Whether a client asked for the chunk with usage. */
export const wantsUsage = (body: JsonObject): boolean =>
  objectOf(body['stream_options'])['include_usage'] === true
