import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { isObject, type JsonObject, objectOf, parsedOf, textOf } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { defaultPolicy } from '../policy/default-policy.ts'
import { readYaml } from '../policy/read-yaml.ts'
import { adminTokenName } from '../serve/admin-guard.ts'
import { policyPath } from './find-policy.ts'
import type { Terminal } from './terminal.ts'

export type AdminFlags = {
  readonly adminPort?: number
  readonly adminHost?: string
  /** Its `serve` section says where the gateway listens. */
  readonly policy?: string[]
  readonly format?: 'text' | 'json'
}

/** A running gateway, asked at its admin port. Both throw a UserError where none answers, or where it refuses. */
export type AskAdmin = {
  get(path: string): Promise<JsonObject>
  post(path: string, body: JsonObject): Promise<JsonObject>
}

const timeoutMs = 10_000
/** A page of 1,000 entries is well below this. */
const mostAnswerBytes = 32 * 2 ** 20

/** The gateway that the flags name, or the policy file, or the one on the usual port. */
export function adminOf(flags: AdminFlags, terminal: Terminal): AskAdmin {
  const { host, port } = placeOf(flags, terminal)
  const token = terminal.env[adminTokenName] || null
  const asked = async (method: string, path: string, body: JsonObject | null) =>
    answerIn(await send({ host, port, token, method, path, body }), placeName(host, port))
  return {
    get: (path) => asked('GET', path, null),
    post: (path, body) => asked('POST', path, body),
  }
}

type Place = { readonly host: string; readonly port: number }

function placeOf(flags: AdminFlags, terminal: Terminal): Place {
  const file = fileSaysOf(flags, terminal)
  const host = flags.adminHost ?? textOf(file['adminHost']) ?? defaultPolicy.serve.adminHost
  const port = flags.adminPort ?? file['adminPort']
  return {
    host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host,
    port: typeof port === 'number' ? port : defaultPolicy.serve.adminPort,
  }
}

/** Of a file that may be broken: whoever asks may want to know just that. */
function fileSaysOf(flags: AdminFlags, terminal: Terminal): JsonObject {
  const named = flags.policy?.[0]
  const path = policyPath(named === undefined ? {} : { policy: named }, terminal)
  if (path === null) return {}
  try {
    return objectOf(objectOf(readYaml(readFileSync(path, 'utf8'), path))['serve'])
  } catch {
    return {}
  }
}

type Sent = Place & {
  readonly token: string | null
  readonly method: string
  readonly path: string
  readonly body: JsonObject | null
}

type Came = { readonly status: number; readonly text: string }

function send({ host, port, token, method, path, body }: Sent): Promise<Came> {
  const place = placeName(host, port)
  return new Promise((resolve, reject) => {
    const headers = {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== null && { 'content-type': 'application/json' }),
    }
    const options = { host, port, method, path, headers, agent: false, timeout: timeoutMs }
    const fail = (error: Error) => reject(connectionError(error, place))
    const asking = request(options, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > mostAnswerBytes) asking.destroy(noGateway(place))
        else chunks.push(chunk)
      })
      response.on('error', fail)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    asking.on('timeout', () => asking.destroy(noAnswer(place, `none in ${timeoutMs / 1000} s`)))
    asking.on('error', fail)
    asking.end(body === null ? undefined : JSON.stringify(body))
  })
}

function connectionError(error: Error, place: string): Error {
  if (error instanceof UserError) return error
  const { code = error.message } = error as NodeJS.ErrnoException
  return /^HPE_/.test(code) ? noGateway(place) : noAnswer(place, code)
}

function answerIn({ status, text }: Came, place: string): JsonObject {
  const answer = parsedOf(text)
  if (!isObject(answer)) throw noGateway(place)
  if (status < 400) return answer
  const { error } = answer
  if (!isObject(error)) throw noGateway(place)
  const [hint, at] = [textOf(error['hint']), textOf(error['at'])]
  throw new UserError(textOf(error['message']) ?? `the gateway answered ${status}`, {
    ...(hint !== undefined && { hint }),
    ...(at !== undefined && { at }),
  })
}

const placeName = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`

const noAnswer = (place: string, why: string): UserError =>
  new UserError(`no gateway answers at ${place} (${why})`, {
    hint: 'start one with `llmcost serve`, or name the admin port of the one that runs with --admin-port',
  })

const noGateway = (place: string): UserError =>
  new UserError(`what listens at ${place} is not the admin port of llmcost serve`, {
    hint: 'name its port with --admin-port; `llmcost serve` prints it as the dashboard',
  })
