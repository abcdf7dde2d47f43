import type { Fault } from '../domain/fault.ts'
import { badValue, type HeaderLines } from './forward-headers.ts'
import { type KnownHeader, requestHeader } from './header-kinds.ts'

/** A request of an SDK has some 20 headers of some 40 characters; `node:http` takes 16 KiB unless told otherwise. */
const mostHeaders = 200
const mostCharacters = 65_536

/**
 * Why a request may not pass: its headers would mean one thing here and another behind us. Null: they are in order.
 * Names what is wrong, never a value.
 */
export function headFault(lines: HeaderLines): Fault | null {
  if (lines.length > 2 * mostHeaders)
    return faultOf('too-large', `has more than ${mostHeaders} headers`)
  let characters = 0
  let seen = 0
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const spelling = lines[at] as string
    const value = lines[at + 1] as string
    const header = requestHeader(spelling)
    const wrong = wrongIn(header, value)
    if (wrong !== null) return faultOf('bad-request', wrong)
    if ((seen & header.single) !== 0)
      return faultOf('bad-request', `has the header ${header.name} twice`)
    seen |= header.single
    characters += spelling.length + value.length
  }
  if (characters > mostCharacters) return faultOf('too-large', 'has headers that are too long')
  return (seen & framing) === framing
    ? faultOf('bad-request', 'has both content-length and transfer-encoding')
    : null
}

function wrongIn({ name, kind }: KnownHeader, value: string): string | null {
  if (kind === 'invalid') return 'has a header whose name is none'
  if (badValue.test(value)) return `has characters in the header ${name} that none may have`
  if (kind === 'content-length' && !/^\d{1,15}$/.test(value))
    return 'has a content-length that is no number'
  if (kind === 'transfer-encoding' && value.toLowerCase() !== 'chunked')
    return 'has a transfer-encoding other than chunked'
  return null
}

/** A length and chunks at once: each reader would see another end of the body. */
const framing = requestHeader('content-length').single | requestHeader('transfer-encoding').single

const faultOf = (kind: 'bad-request' | 'too-large', what: string): Fault => ({
  kind,
  message: `The request ${what}.`,
  status: kind === 'too-large' ? 431 : 400,
  retryAfterMs: null,
})
