import type { Fault, FaultKind } from '../domain/fault.ts'

/** The fault that an error of the connection stands for. */
export function transportFault(error: unknown): Fault {
  const { code, syscall, message } = rootOf(error)
  const text = message === undefined || message === '' ? 'no connection' : message
  const words = code === undefined || text.includes(code) ? text : `${text} (${code})`
  const kind = cutFraming.test(text) ? 'reset' : kindOf(text, code, syscall)
  return { kind, message: words, status: null, retryAfterMs: null }
}

function kindOf(text: string, code: string | undefined, syscall: string | undefined): FaultKind {
  // A port that no browser would go to either: fetch does not ask.
  if (text === 'bad port') return 'unreachable'
  // An answer that HTTP does not know, such as a status of 999, has no code.
  if (code === undefined) return 'malformed'
  if (syscall === 'connect') return 'unreachable'
  return codeKinds.find(([pattern]) => pattern.test(code))?.[1] ?? 'reset'
}

/** How undici says, without a code, that a connection ended within the chunks of an answer. */
const cutFraming = /Invalid EOF state/

/** Codes of Node and of undici; a later row holds only where no earlier does. */
const codeKinds: readonly (readonly [RegExp, FaultKind])[] = [
  // What happens before a byte of the request is sent: nobody can have answered, or billed.
  [/^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|E(?:HOST|NET)(?:UNREACH|DOWN)|EADDR\w+)$/, 'unreachable'],
  [/^UND_ERR_(?:CONNECT_TIMEOUT|PRX_TLS|SOCKS5\w*)$/, 'unreachable'],
  [/CERT|SELF_SIGNED|UNABLE_TO_|^(?:ERR_TLS|ERR_SSL|EPROTO|HOSTNAME_)/, 'unreachable'],
  // undici refuses a CONNECT that the proxy does not answer with 200 in these words.
  [/^UND_ERR_ABORTED$/, 'unreachable'],
  [/^UND_ERR_(?:DESTROYED|CLOSED)$/, 'cancelled'],
  // The answer ended within its compression.
  [/^Z_BUF_ERROR$/, 'reset'],
  [/^(?:HPE_|Z_|ERR_|UND_ERR_HEADERS_OVERFLOW)/, 'malformed'],
]

type Root = { readonly code?: string; readonly syscall?: string; readonly message?: string }

/** The error that explains the others; undici says "fetch failed" and "terminated" around it. */
function rootOf(error: unknown): Root {
  let root = error
  for (let depth = 0; depth < mostCauses; depth++) {
    const { cause, code } = (root ?? {}) as { cause?: unknown; code?: unknown }
    if (typeof code === 'string') return root as Root
    if (!(cause instanceof Error)) break
    root = cause
  }
  return root instanceof Error ? { message: root.message } : {}
}

const mostCauses = 5
