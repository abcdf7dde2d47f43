import type { Fault, FaultKind } from '../domain/fault.ts'
import {
  inTable,
  isObject,
  type Json,
  type JsonObject,
  numberOf,
  objectOf,
  parsedOf,
  textOf,
} from '../domain/json.ts'
import { messageOf as shownMessage } from './fault-message.ts'
import { redactKeys } from './redact-keys.ts'
import { readRetryAfter } from './retry-after.ts'

/** Error codes and types, in small letters, of OpenAI, Azure, vLLM, Ollama, OpenRouter, Google and this dialect itself. */
const kindOfWord: Readonly<Record<string, FaultKind>> = {
  context_length_exceeded: 'context-length',
  exceed_context_size_error: 'context-length',
  insufficient_quota: 'quota',
  billing_hard_limit_reached: 'quota',
  billing_not_active: 'quota',
  access_terminated: 'permission',
  rate_limit_exceeded: 'rate-limit',
  rate_limit_error: 'rate-limit',
  resource_exhausted: 'rate-limit',
  requests: 'rate-limit',
  tokens: 'rate-limit',
  content_filter: 'content-policy',
  content_policy_violation: 'content-policy',
  responsibleaipolicyviolation: 'content-policy',
  moderation_blocked: 'content-policy',
  invalid_prompt: 'content-policy',
  model_not_found: 'not-found',
  deploymentnotfound: 'not-found',
  not_found: 'not-found',
  not_found_error: 'not-found',
  notfounderror: 'not-found',
  invalid_api_key: 'authentication',
  authentication_error: 'authentication',
  unauthenticated: 'authentication',
  account_deactivated: 'authentication',
  permission_denied: 'permission',
  permission_error: 'permission',
  unsupported_country_region_territory: 'permission',
  request_too_large: 'too-large',
  overloaded: 'overloaded',
  overloaded_error: 'overloaded',
  engine_overloaded: 'overloaded',
  slow_down: 'overloaded',
  upstream_unreachable: 'unreachable',
  upstream_reset: 'reset',
  upstream_timeout: 'timeout',
  upstream_malformed: 'malformed',
  upstream_cut_off: 'cut-off',
  request_cancelled: 'cancelled',
  bad_request: 'bad-request',
  internal_error: 'server',
}

/** What messages say where codes say nothing; each with the statuses at which its words mean that (0: an event). */
const kindOfMessage: readonly (readonly [RegExp, readonly number[], FaultKind])[] = [
  [
    /context (?:length|window|size)|(?:prompt|input) is too long|maximum (?:input|prompt) length|too many input tokens/i,
    [0, 400, 413, 422, 500],
    'context-length',
  ],
  [
    /content (?:management )?policy|content filter|safety system|responsible ai|usage policies/i,
    [0, 400, 403],
    'content-policy',
  ],
  [
    /insufficient (?:credit|quota|balance|fund)|exceeded your current quota|credit balance|out of credits|billing hard limit/i,
    [0, 400, 403, 429],
    'quota',
  ],
  [/overload|at capacity|too busy|temporarily unavailable/i, [0, 503], 'overloaded'],
  [/incorrect api key|invalid api key|api key not valid/i, [0, 400, 403], 'authentication'],
  [/rate limit|too many requests/i, [0], 'rate-limit'],
]

const kindOfStatus: Readonly<Record<string, FaultKind>> = {
  401: 'authentication',
  402: 'quota',
  403: 'permission',
  404: 'not-found',
  408: 'timeout',
  413: 'too-large',
  429: 'rate-limit',
  499: 'cancelled',
  529: 'overloaded',
}

/** A fault as the two OpenAI formats, and the many servers that resemble them, tell it. */
export function readOpenAiFault(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): Fault {
  const told = tellingOf(parsedOf(body))
  const shownStatus = status >= 400 ? status : told.status
  const said = told.message === '' ? body : told.message
  return {
    kind: kindOf(shownStatus ?? 0, told.words, said),
    message: shownMessage(said, shownStatus === null ? 'error' : `HTTP ${shownStatus}`),
    status: shownStatus,
    retryAfterMs: readRetryAfter(headers),
  }
}

/** The fault that an event of a stream tells. */
export const readFaultEvent = (data: JsonObject): Fault =>
  readOpenAiFault(200, {}, JSON.stringify(data))

type Telling = {
  readonly words: readonly string[]
  readonly message: string
  readonly status: number | null
}

/** What an error body says, wherever the vendor puts it: under "error", "detail", beside it, or in a list of one. */
function tellingOf(body: unknown): Telling {
  const outer = objectOf(Array.isArray(body) ? body[0] : body)
  const told = outer['error'] ?? outer['detail']
  const error = isObject(told) ? told : {}
  const inner = objectOf(error['innererror'] ?? error['inner_error'])
  const words = [
    error['code'],
    inner['code'],
    error['type'],
    error['status'],
    outer['code'],
    outer['type'],
  ]
  const codes = [
    error['code'],
    error['status'],
    outer['code'],
    outer['status'],
    outer['statusCode'],
  ]
  return {
    words: words.flatMap((word) => (typeof word === 'string' ? [word.toLowerCase()] : [])),
    message: [messageOf(told), textOf(outer['message']), rawOf(error)].find((text) => text) ?? '',
    status:
      codes.map(numberOf).find((code) => code !== undefined && code >= 400 && code < 600) ?? null,
  }
}

/** A message, and what OpenRouter adds of the provider behind it. */
function messageOf(told: Json | undefined): string {
  if (typeof told === 'string') return told
  if (!isObject(told)) return told === undefined || told === null ? '' : JSON.stringify(told)
  return [textOf(told['message']), rawOf(told)].filter((text) => text !== undefined).join(': ')
}

const rawOf = (error: JsonObject): string | undefined => textOf(objectOf(error['metadata'])['raw'])

function kindOf(status: number, words: readonly string[], message: string): FaultKind {
  for (const word of words) {
    const kind = inTable(kindOfWord, word)
    if (kind !== undefined) return kind
  }
  const said = kindOfMessage.find(
    ([pattern, statuses]) => statuses.includes(status) && pattern.test(message),
  )
  if (said !== undefined) return said[2]
  const known = inTable(kindOfStatus, String(status))
  if (known !== undefined) return known
  return status >= 400 && status < 500 ? 'bad-request' : 'server'
}

type Telltale = readonly [status: number, type: string, code: string | null]

/** How each kind is told: OpenAI's own words where it has some, else words that this dialect reads back. */
const telltales: Readonly<Record<FaultKind, Telltale>> = {
  unreachable: [502, 'server_error', 'upstream_unreachable'],
  reset: [502, 'server_error', 'upstream_reset'],
  timeout: [504, 'server_error', 'upstream_timeout'],
  'rate-limit': [429, 'rate_limit_error', 'rate_limit_exceeded'],
  quota: [429, 'insufficient_quota', 'insufficient_quota'],
  overloaded: [503, 'server_error', 'overloaded'],
  server: [500, 'server_error', 'internal_error'],
  authentication: [401, 'invalid_request_error', 'invalid_api_key'],
  permission: [403, 'invalid_request_error', 'permission_denied'],
  'not-found': [404, 'invalid_request_error', 'not_found'],
  'bad-request': [400, 'invalid_request_error', 'bad_request'],
  'context-length': [400, 'invalid_request_error', 'context_length_exceeded'],
  'content-policy': [400, 'invalid_request_error', 'content_policy_violation'],
  'too-large': [413, 'invalid_request_error', 'request_too_large'],
  malformed: [502, 'server_error', 'upstream_malformed'],
  'cut-off': [502, 'server_error', 'upstream_cut_off'],
  cancelled: [499, 'invalid_request_error', 'request_cancelled'],
}

/** A fault as a body of OpenAI, with the status that its SDKs know it by. */
export function writeOpenAiFault(fault: Fault): {
  readonly status: number
  readonly body: JsonObject
} {
  const [status, type, code] = telltales[fault.kind]
  return {
    status,
    body: { error: { message: redactKeys(fault.message), type, param: null, code } },
  }
}
