import { booleanOf } from '../domain/json.ts'
import { boundedText, type Headers, headerText } from './header-text.ts'
import { noWishes, type Wishes } from './wishes.ts'

/**
 * Reads what a request wishes for itself, from Cache-Control, our headers and those of other gateways. Where several
 * speak of one thing the strictest counts; what cannot be read counts for nothing. Without any it is `noWishes` itself.
 */
export function readWishes(headers: Headers): Wishes {
  let wishes: Draft | null = null
  let spaces: string[] | null = null
  for (const name in headers) {
    const read = readers.get(name)
    const isSpace = namespaceHeaders.has(name)
    if (read === undefined && !isSpace) continue
    const value = headerText(headers[name])?.trim() ?? ''
    if (value === '') continue
    wishes ??= { ...noWishes }
    if (isSpace) {
      spaces ??= []
      spaces.push(boundedText(value) ?? '')
    } else if (value.length <= longestValue) read?.(wishes, value)
  }
  if (wishes === null) return noWishes
  // The order of headers is nobody's wish.
  if (spaces !== null) wishes.namespace = spaces.sort().join('\n')
  return wishes
}

const longestValue = 1000

type Draft = { -readonly [Name in keyof Wishes]: Wishes[Name] }
type Reader = (wishes: Draft, value: string) => void

/** Each names a part of a cache: our own word for it, a namespace, a seed, a key. */
const namespaceHeaders: ReadonlySet<string> = new Set([
  'x-llmcost-cache-namespace',
  'x-portkey-cache-namespace',
  'helicone-cache-seed',
  'cf-aig-cache-key',
  'x-bf-cache-key',
])

function refresh(wishes: Draft): void {
  wishes.exact = false
  wishes.semantic = false
}

function noStore(wishes: Draft): void {
  wishes.mayStore = false
}

function off(wishes: Draft): void {
  refresh(wishes)
  noStore(wishes)
}

function readCacheControl(wishes: Draft, value: string): void {
  for (const part of value.split(',')) {
    const [directive = '', amount = ''] = part.trim().toLowerCase().split('=')
    if (directive === 'no-cache') refresh(wishes)
    else if (directive === 'no-store') noStore(wishes)
    else if (directive === 'only-if-cached') wishes.onlyIfCached = true
    else if (directive === 'max-age') {
      const ageMs = amountOf(amount.replaceAll('"', ''), 1000)
      if (ageMs !== null) wishes.maxAgeMs = Math.min(wishes.maxAgeMs, ageMs)
    }
  }
}

/** Which layers may answer, in the words of several gateways. */
function readLayers(wishes: Draft, value: string): void {
  const layer = value.toLowerCase()
  if (layer === 'exact' || layer === 'direct') wishes.semantic = false
  else if (layer === 'semantic') wishes.exact = false
}

function readOwnCache(wishes: Draft, value: string): void {
  const word = value.toLowerCase()
  if (word === 'off') off(wishes)
  else if (word === 'refresh') refresh(wishes)
  else readLayers(wishes, word)
}

const when =
  (wanted: boolean, act: (wishes: Draft) => void): Reader =>
  (wishes, value) => {
    if (booleanOf(value) === wanted) act(wishes)
  }

type Bound = 'ttlMs' | 'totalMs' | 'firstTokenMs'

/** At most so long, in units of so many milliseconds. No time at all is no limit of a call: several write it so. */
const atMost =
  (field: Bound, unitMs: number): Reader =>
  (wishes, value) => {
    const amount = amountOf(value, unitMs)
    if (amount === null || (amount === 0 && field !== 'ttlMs')) return
    wishes[field] = Math.min(wishes[field], amount)
  }

/** At most so many calls; `retries` are those after the first. */
const attempts =
  (retries: 0 | 1): Reader =>
  (wishes, value) => {
    const count = /^\d{1,9}$/.test(value) ? Number(value) + retries : null
    if (count !== null) wishes.maxAttempts = Math.min(wishes.maxAttempts, Math.max(1, count))
  }

function readThreshold(wishes: Draft, value: string): void {
  const threshold = /^\d+(?:\.\d+)?$|^\.\d+$/.test(value) ? Number(value) : null
  if (threshold !== null) wishes.threshold = Math.max(wishes.threshold, threshold)
}

function readDisconnect(wishes: Draft, value: string): void {
  if (value.toLowerCase() === 'abort') wishes.abortOnDisconnect = true
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** "300", "1.5" in the header's own unit, or "30s", "5m", as milliseconds; null where it is neither. */
function amountOf(text: string, unitMs: number): number | null {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim()) ?? []
  return amount === undefined ? null : Number(amount) * (units[unit] ?? unitMs)
}

function omitRequest(wishes: Draft): void {
  wishes.logRequest = false
}

function omitAnswer(wishes: Draft): void {
  wishes.logAnswer = false
}

function omitContent(wishes: Draft): void {
  omitRequest(wishes)
  omitAnswer(wishes)
}

function readUsageEvent(wishes: Draft, value: string): void {
  wishes.usageEvent = booleanOf(value) ?? null
}

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['cache-control', readCacheControl],
  ['pragma', readCacheControl],
  ['x-vsr-cache-control', readCacheControl],
  ['x-llmcost-cache', readOwnCache],
  ['helicone-cache-enabled', when(false, off)],
  ['x-openrouter-cache', when(false, off)],
  ['cf-aig-skip-cache', when(true, refresh)],
  ['x-portkey-cache-force-refresh', when(true, refresh)],
  ['x-openrouter-cache-clear', when(true, refresh)],
  ['x-bf-cache-no-store', when(true, noStore)],
  ['x-bf-cache-type', readLayers],
  ['x-cache-type', readLayers],
  ['x-llmcost-cache-ttl', atMost('ttlMs', 1000)],
  ['cf-aig-cache-ttl', atMost('ttlMs', 1000)],
  ['x-bf-cache-ttl', atMost('ttlMs', 1000)],
  ['x-openrouter-cache-ttl', atMost('ttlMs', 1000)],
  ['x-llmcost-cache-threshold', readThreshold],
  ['x-bf-cache-threshold', readThreshold],
  ['x-cache-semantic-threshold', readThreshold],
  ['x-llmcost-timeout', atMost('totalMs', 1000)],
  ['x-litellm-timeout', atMost('totalMs', 1000)],
  ['x-portkey-request-timeout', atMost('totalMs', 1)],
  ['cf-aig-request-timeout', atMost('totalMs', 1)],
  ['x-litellm-stream-timeout', atMost('firstTokenMs', 1000)],
  ['cf-aig-max-attempts', attempts(0)],
  ['x-litellm-num-retries', attempts(1)],
  ['helicone-retry-num', attempts(1)],
  ['helicone-retry-enabled', when(false, (wishes) => attempts(0)(wishes, '1'))],
  ['cf-aig-collect-log', when(false, omitContent)],
  ['cf-aig-collect-log-payload', when(false, omitContent)],
  ['x-litellm-enable-message-redaction', when(true, omitContent)],
  ['x-bf-disable-content-logging', when(true, omitContent)],
  ['helicone-omit-request', when(true, omitRequest)],
  ['helicone-omit-response', when(true, omitAnswer)],
  ['x-llmcost-usage-event', readUsageEvent],
  ['x-llmcost-on-disconnect', readDisconnect],
])

/** Every header that is read here. */
export const wishHeaders: readonly string[] = [...readers.keys(), ...namespaceHeaders]
