import { type Fault, type FaultKind, faultKinds } from '../../domain/fault.ts'
import {
  firstText,
  inTable,
  type JsonObject,
  objectOf,
  parsedOf,
  textOf,
} from '../../domain/json.ts'
import { messageOf } from '../fault-message.ts'
import { readRetryAfter } from '../retry-after.ts'

/** An error body, or the data of an error event (its status is that of the stream, below 400). */
export function readFault(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): Fault {
  const wire = objectOf(parsedOf(body))
  const error = objectOf(wire['error'])
  const said = firstText(error['message'], wire['message'], wire['error'], wire['detail'])
  const message = messageOf(said ?? body)
  return {
    kind: kindOf(status, error, message),
    message,
    status: status >= 400 ? status : null,
    retryAfterMs: readRetryAfter(headers),
  }
}

function kindOf(status: number, error: JsonObject, message: string): FaultKind {
  const code = faultKinds.find((kind) => kind === error['code'])
  if (code !== undefined) return code
  const told = inTable(kindsOfType, textOf(error['type']) ?? '')
  const kind = told ?? kindOfStatus(status)
  if (kind === 'bad-request' || kind === 'rate-limit' || kind === 'permission')
    return kindsOfWords.find(([words]) => words.test(message))?.[1] ?? kind
  return kind === 'server' && /\boverloaded\b/i.test(message) ? 'overloaded' : kind
}

const kindsOfType: Readonly<Record<string, FaultKind>> = {
  invalid_request_error: 'bad-request',
  authentication_error: 'authentication',
  billing_error: 'quota',
  permission_error: 'permission',
  not_found_error: 'not-found',
  request_too_large: 'too-large',
  rate_limit_error: 'rate-limit',
  api_error: 'server',
  timeout_error: 'timeout',
  overloaded_error: 'overloaded',
}

const kindsOfStatus: Readonly<Record<number, FaultKind>> = {
  401: 'authentication',
  402: 'quota',
  403: 'permission',
  404: 'not-found',
  408: 'timeout',
  413: 'too-large',
  429: 'rate-limit',
  504: 'timeout',
  529: 'overloaded',
}

/** An error within a stream of status 200 that has no known type is the server's. */
const kindOfStatus = (status: number): FaultKind =>
  kindsOfStatus[status] ?? (status >= 400 && status < 500 ? 'bad-request' : 'server')

/** What the wire tells apart in words alone. */
const kindsOfWords: readonly (readonly [RegExp, FaultKind])[] = [
  [
    /prompt is too long|exceed(?:s|ed)? (?:the )?context|context (?:window|length)/i,
    'context-length',
  ],
  [/credit balance|usage limits?|spend(?:ing)? limit|quota/i, 'quota'],
  [/content filter|content policy|usage policy|blocked by/i, 'content-policy'],
]

type Written = readonly [status: number, type: string]

const written: Readonly<Record<FaultKind, Written>> = {
  unreachable: [502, 'api_error'],
  reset: [502, 'api_error'],
  timeout: [504, 'timeout_error'],
  'rate-limit': [429, 'rate_limit_error'],
  quota: [402, 'billing_error'],
  overloaded: [529, 'overloaded_error'],
  server: [500, 'api_error'],
  authentication: [401, 'authentication_error'],
  permission: [403, 'permission_error'],
  'not-found': [404, 'not_found_error'],
  'bad-request': [400, 'invalid_request_error'],
  'context-length': [400, 'invalid_request_error'],
  'content-policy': [400, 'invalid_request_error'],
  'too-large': [413, 'request_too_large'],
  malformed: [502, 'api_error'],
  'cut-off': [502, 'api_error'],
  cancelled: [499, 'api_error'],
}

/** A fault as an error body; a kind that the wire could not tell by type and words alone is named in `code`. */
export function writeFault({ kind, message }: Fault): {
  readonly status: number
  readonly body: JsonObject
} {
  const [status, type] = written[kind]
  const error = { type, message }
  const isPlain = kindOf(status, error, messageOf(message)) === kind
  return { status, body: { type: 'error', error: isPlain ? error : { ...error, code: kind } } }
}
