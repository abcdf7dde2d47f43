import type { IncomingMessage } from 'node:http'
import type { Dialect } from '../../../src/dialects/dialect.ts'
import { dialectOf } from '../../../src/dialects/dialects.ts'
import { dialectNames } from '../../../src/domain/call.ts'
import { isObject, type JsonObject, objectOf, textOf } from '../../../src/domain/json.ts'

/** A request of a client, read once. */
export type ToyRequest = {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
  /** Empty where it is no JSON object. */
  readonly body: JsonObject
  /** Null: it is passed through. */
  readonly dialect: Dialect | null
  readonly model: string | null
  readonly isStream: boolean
  readonly user: string | null
}

const dialects = dialectNames.map(dialectOf)

/** The wire format of a path; null: none that is known. */
export const dialectAt = (path: string): Dialect | null =>
  dialects.find((dialect) => `/v1${dialect.path}` === path.split('?')[0]) ?? null

/** Null where the body is too large. */
export async function readToyRequest(
  request: IncomingMessage,
  maxBodyBytes: number,
): Promise<ToyRequest | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBodyBytes) return null
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  const body = objectIn(bytes)
  const { method = '', url: path = '' } = request
  const headers = request.headers as Readonly<Record<string, string>>
  return {
    method,
    path,
    headers,
    bytes,
    body,
    dialect: method === 'POST' ? dialectAt(path) : null,
    model: textOf(body['model']) ?? null,
    isStream: body['stream'] === true,
    user:
      headers['x-llmcost-user'] ??
      textOf(body['user']) ??
      textOf(objectOf(body['metadata'])['user_id']) ??
      null,
  }
}

export function objectIn(bytes: Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}
