import { remembering } from './remembering.ts'

/** What becomes of a header on its way through the gateway. */
export type HeaderKind =
  /** Goes on as it came. */
  | 'forward'
  /** Is of one connection, is made anew, or is meant for the gateway. */
  | 'stay'
  /** Names others that are of this connection. */
  | 'connection'
  | 'content-length'
  | 'transfer-encoding'
  | 'host'
  /** A key, shown in one of several headers. */
  | 'credential'
  /** Says whose account of the provider the client's own key is of. */
  | 'account'
  /** No name at all. */
  | 'invalid'

/** Of one connection, whatever `Connection` says (RFC 9110, 7.6.1); so is all that begins with "proxy-". */
const hopByHop = ['keep-alive', 'te', 'trailer', 'upgrade', 'http2-settings']

/** Made anew for the next hop, settled with this one, or about the way to the gateway and those who took it. */
const ofThisHop = [
  'accept-encoding',
  'expect',
  'cookie',
  'cookie2',
  'forwarded',
  'via',
  'x-real-ip',
  'true-client-ip',
  'cdn-loop',
]

/** Headers with these beginnings speak to a gateway, and to no model. */
const staying = [
  'proxy-',
  'x-llmcost-',
  'x-forwarded-',
  'helicone-',
  'cf-',
  'x-portkey-',
  'x-litellm-',
  'x-bf-',
  'x-vsr-',
  'x-openrouter-cache',
  'x-cache-semantic-threshold',
  'x-cache-type',
]

const requestKinds: ReadonlyMap<string, HeaderKind> = new Map<string, HeaderKind>([
  ...[...hopByHop, ...ofThisHop].map((name) => [name, 'stay'] as const),
  ['connection', 'connection'],
  ['content-length', 'content-length'],
  ['transfer-encoding', 'transfer-encoding'],
  ['host', 'host'],
  ['authorization', 'credential'],
  ['x-api-key', 'credential'],
  ['api-key', 'credential'],
  ['x-goog-api-key', 'credential'],
  ['ocp-apim-subscription-key', 'credential'],
  ['openai-organization', 'account'],
  ['openai-project', 'account'],
])

/** A token of RFC 9110, 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/

function requestKind(name: string): HeaderKind {
  if (!token.test(name)) return 'invalid'
  const known = requestKinds.get(name)
  if (known !== undefined) return known
  return staying.some((start) => name.startsWith(start)) ? 'stay' : 'forward'
}

/** Of an answer: what is of the upstream's own connection and address, and must not speak for the gateway's. */
const staysUpstream: ReadonlySet<string> = new Set([
  ...hopByHop,
  'content-length',
  'transfer-encoding',
  'set-cookie',
  'set-cookie2',
  'alt-svc',
  'strict-transport-security',
  'public-key-pins',
  'clear-site-data',
  'report-to',
  'reporting-endpoints',
  'nel',
])

/** What a browser may read, and what was decided about the request, is ours to say. */
const stayingUpstream = ['proxy-', 'x-llmcost-', 'access-control-']

function answerKind(name: string): HeaderKind {
  if (!token.test(name)) return 'invalid'
  if (name === 'connection') return 'connection'
  const stays = staysUpstream.has(name) || stayingUpstream.some((start) => name.startsWith(start))
  return stays ? 'stay' : 'forward'
}

/**
 * Headers that must not stand twice: whoever reads the first and whoever reads the last would see two requests. Their
 * place is their bit.
 */
const singles = [
  'content-length',
  'transfer-encoding',
  'host',
  'authorization',
  'x-api-key',
  'api-key',
]

/** A header's name in small letters, and what becomes of it. */
export type KnownHeader = {
  readonly name: string
  readonly kind: HeaderKind
  /** A bit of its own where it must not stand twice; else 0. */
  readonly single: number
}

const knownHeader =
  (kindOf: (name: string) => HeaderKind) =>
  (spelling: string): KnownHeader => {
    const name = spelling.toLowerCase()
    const place = singles.indexOf(name)
    return { name, kind: kindOf(name), single: place < 0 ? 0 : 1 << place }
  }

/** What becomes of a header of a request, by any spelling of its name. */
export const requestHeader = remembering(knownHeader(requestKind))
/** What becomes of a header of an upstream's answer. */
export const answerHeader = remembering(knownHeader(answerKind))
