import { type RowShape, shapeOf } from './packed-rows.ts'

/**
 * How a request travels from a reader to the store: one flat row of cells in the order of `requestFields`, with the
 * words that repeat over many requests held once in a profile. Flat, because a million of them cross a thread.
 */
export type Cell = string | number | null

/** The columns of a request, in the order of its cells. */
export const requestFields = [
  'line',
  'byteOffset',
  'identity',
  'id',
  'responseId',
  'profile',
  'at',
  'latencyMs',
  'firstTokenMs',
  'inputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
  'costInput',
  'costCacheRead',
  'costCacheWrite',
  'costOutput',
  'costTools',
  'costOther',
  'cost',
  'loggedCost',
  'price',
  'flags',
  'user',
  'session',
  'trace',
  'exactKey',
  'questionKey',
  'promptTip',
  'answerKey',
  'systemKey',
  'systemTokens',
  'historyKey',
  'historyTokens',
  'stepKey',
  'extra',
] as const
export type RequestField = (typeof requestFields)[number]

/** The position of each field in a row. */
export const at = Object.fromEntries(requestFields.map((name, index) => [name, index])) as {
  readonly [Name in RequestField]: number
}

/** Fields of a request that hold text; all others hold numbers. */
const requestTexts: ReadonlySet<string> = new Set<RequestField>([
  'id',
  'responseId',
  'user',
  'session',
  'trace',
  'exactKey',
  'questionKey',
  'promptTip',
  'answerKey',
  'systemKey',
  'historyKey',
  'stepKey',
  'extra',
])
export const requestShape: RowShape = shapeOf(requestFields, requestTexts)

/** The columns of a message of the chain. `key` is the number of its hash; content is null when it is not kept. */
export const messageFields = ['key', 'hash', 'parent', 'role', 'content', 'isJson'] as const
export const messageShape: RowShape = shapeOf(
  messageFields,
  new Set(['hash', 'parent', 'role', 'content']),
)

/** The words of a request that few values are shared by many requests. */
export const profileFields = [
  'format',
  'provider',
  'model',
  'requestedModel',
  'operation',
  'status',
  'statusCode',
  'finishReason',
  'feature',
  'plan',
  'team',
  'namespace',
  'route',
  'target',
  'key',
  'task',
  'agentRole',
  'promptVersion',
  'documentVersion',
  'serviceTier',
  'speed',
  'inferenceGeo',
  'region',
  'tags',
  'params',
] as const
export type ProfileField = (typeof profileFields)[number]
export type Profile = { readonly [Name in ProfileField]: string | null }

/** Yes-or-no facts of a request, one bit each. */
export const flag = {
  estimated: 1,
  unpriced: 2,
  servedFromCache: 4,
  streamed: 8,
  outputUnused: 16,
  replay: 32,
  requiresReasoning: 64,
  truncated: 128,
  hasTools: 256,
  hasImages: 512,
  /** Its tags have too many values for profiles and are kept with the request. */
  ownTags: 4096,
} as const

/** From here on two bits a preset: 0 not classified, 1 simple, 2 medium, 3 hard. */
export const difficultyShift = 16

/** The presets whose verdicts a row holds, two bits each, the first lowest. `three-way` sorts as `signals` does. */
export const keptPresets = ['signals', 'length', 'keywords'] as const
export type KeptPreset = (typeof keptPresets)[number]

/** A 53-bit hash of text, for identities and groupings; equal hashes are checked against the text where it matters. */
export function hash53(text: string): number {
  let low = 0x9747b28c
  let high = 0x5bd1e995
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    low = Math.imul(low ^ code, 0x9e3779b1)
    high = Math.imul(high ^ code, 0x5f356495)
  }
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35)
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35)
  return 4294967296 * (0x1fffff & high) + (low >>> 0)
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const digitOf = new Uint8Array(128)
for (let digit = 0; digit < digits.length; digit++) digitOf[digits.charCodeAt(digit)] = digit

/** The first 53 bits of a base64url hash: cheaper than hashing it again, and as good. */
export function keyNumber(hash: string): number {
  let high = 0
  for (let index = 0; index < 4; index++)
    high = high * 64 + (digitOf[hash.charCodeAt(index) & 127] as number)
  let low = 0
  for (let index = 4; index < 8; index++)
    low = low * 64 + (digitOf[hash.charCodeAt(index) & 127] as number)
  return (high * 16_777_216 + low) * 32 + ((digitOf[hash.charCodeAt(8) & 127] as number) & 31)
}
