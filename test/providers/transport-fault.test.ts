import { expect, test } from 'vitest'
import { transportFault } from '../../src/providers/transport-fault.ts'

const coded = (code: string, message = 'said', more: object = {}) =>
  Object.assign(new Error(message), { code, ...more })

test.each([
  [coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1'), 'unreachable'],
  [coded('ENOTFOUND'), 'unreachable'],
  [coded('EAI_AGAIN'), 'unreachable'],
  [coded('ETIMEDOUT', 'connect ETIMEDOUT', { syscall: 'connect' }), 'unreachable'],
  [coded('ETIMEDOUT', 'read ETIMEDOUT', { syscall: 'read' }), 'reset'],
  [coded('UND_ERR_CONNECT_TIMEOUT'), 'unreachable'],
  [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'unreachable'],
  [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'unreachable'],
  [coded('ECONNRESET'), 'reset'],
  [coded('EPIPE'), 'reset'],
  [coded('UND_ERR_SOCKET', 'other side closed'), 'reset'],
  [coded('Z_DATA_ERROR'), 'malformed'],
  [coded('UND_ERR_HEADERS_OVERFLOW'), 'malformed'],
  [coded('UND_ERR_DESTROYED'), 'cancelled'],
  [new Error('bad port'), 'unreachable'],
  [new RangeError('a status that is none'), 'malformed'],
  ['no error at all', 'malformed'],
])('%s is a fault: %s', (error, kind) => {
  expect(transportFault(error).kind).toBe(kind)
  const wrapped = new TypeError('fetch failed', { cause: error })
  expect(transportFault(wrapped).kind).toBe(kind)
})

test('a fault is told in the words of what was at its root', () => {
  const cause = coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1')
  const error = new TypeError('fetch failed', { cause })
  expect(transportFault(error).message).toBe('connect ECONNREFUSED 127.0.0.1:1')
  expect(transportFault(coded('UND_ERR_SOCKET', 'other side closed')).message).toBe(
    'other side closed (UND_ERR_SOCKET)',
  )
  expect(transportFault(new AggregateError([cause])).message).toMatch(/\S/)
})
