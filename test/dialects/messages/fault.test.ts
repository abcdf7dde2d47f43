import fc from 'fast-check'
import { expect, test } from 'vitest'
import { messagesDialect } from '../../../src/dialects/messages/messages-dialect.ts'
import { type FaultKind, faultKinds } from '../../../src/domain/fault.ts'

const { readFault, writeFault } = messagesDialect
const native = (type: string, message = 'm') =>
  JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' })

test.each<[number, string, FaultKind]>([
  [401, native('authentication_error'), 'authentication'],
  [403, native('permission_error'), 'permission'],
  [404, native('not_found_error'), 'not-found'],
  [413, native('request_too_large'), 'too-large'],
  [429, native('rate_limit_error'), 'rate-limit'],
  [529, native('overloaded_error'), 'overloaded'],
  [200, native('overloaded_error'), 'overloaded'],
  [500, native('api_error'), 'server'],
  [504, native('timeout_error'), 'timeout'],
  [402, native('billing_error'), 'quota'],
  [400, native('invalid_request_error'), 'bad-request'],
  [
    400,
    native('invalid_request_error', 'prompt is too long: 215000 tokens > 200000 maximum'),
    'context-length',
  ],
  [
    400,
    native('invalid_request_error', 'input length and `max_tokens` exceed context limit'),
    'context-length',
  ],
  [
    400,
    native('invalid_request_error', 'Your credit balance is too low to access the API'),
    'quota',
  ],
  [
    400,
    native('invalid_request_error', 'You have reached your specified API usage limits.'),
    'quota',
  ],
  [
    400,
    native('invalid_request_error', 'Output blocked by content filtering policy'),
    'content-policy',
  ],
  [200, native('error_of_tomorrow'), 'server'],
  [503, 'upstream is overloaded', 'overloaded'],
  [502, '<html><head><title>502 Bad Gateway</title></head></html>', 'server'],
  [429, '', 'rate-limit'],
  [418, 'short and stout', 'bad-request'],
  [401, '{"error":"no key"}', 'authentication'],
  [400, '{"error":{"type":"constructor"}}', 'bad-request'],
])('%d %s is "%s"', (status, body, kind) => {
  expect(readFault(status, {}, body).kind).toBe(kind)
})

test.each([
  [native('api_error', 'It broke.'), 'It broke.'],
  ['{"error":"no key"}', 'no key'],
  ['{"detail":"gone"}', 'gone'],
  ['upstream\n  failed', 'upstream failed'],
  ['<!DOCTYPE html><html><title>502 Bad Gateway</title><p>nginx</p></html>', '502 Bad Gateway'],
  ['<html><style>p{}</style><p>No <b>way</b></p></html>', 'No way'],
  ['', 'no message'],
  ['invalid x-api-key: sk-ant-api03-abcdef0123456789XYZ', 'invalid x-api-key: [key]'],
  ['x'.repeat(1_000_000), `${'x'.repeat(500)}…`],
])('says what went wrong: %.40s', (body, message) => {
  expect(readFault(500, {}, body).message).toBe(message)
})

test.each([
  [{}, null],
  [{ 'retry-after': '2' }, 2000],
  [{ 'retry-after': '0.5' }, 500],
  [{ 'retry-after': '-1' }, null],
  [{ 'retry-after': '2', 'retry-after-ms': '1500' }, 1500],
  [
    { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' },
    30_000,
  ],
  [{ 'retry-after': 'Wed, 21 Oct 2026 07:27:00 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' }, 0],
  [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' }, null],
  [{ 'retry-after': 'soon', date: 'Wed, 21 Oct 2026 07:28:00 GMT' }, null],
] as const)('headers %j ask to wait %s ms', (headers, wait) => {
  expect(readFault(429, headers, '').retryAfterMs).toBe(wait)
})

const words = fc.oneof(
  fc.string(),
  fc.constantFrom('prompt is too long', 'quota', 'overloaded', 'credit balance', 'blocked by x'),
)

test.each(faultKinds)('a fault of kind "%s" keeps its kind on the wire', (kind) => {
  fc.assert(
    fc.property(words, (message) => {
      const { status, body } = writeFault({ kind, message, status: null, retryAfterMs: null })
      expect(status).toBeGreaterThanOrEqual(400)
      expect(body).toMatchObject({ type: 'error', error: { message } })
      const text = JSON.stringify(body)
      expect(readFault(status, {}, text).kind).toBe(kind)
      expect(readFault(200, {}, text).kind).toBe(kind)
    }),
  )
})
