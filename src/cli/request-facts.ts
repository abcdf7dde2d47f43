import type { StoredMessage } from '../domain/columns.ts'
import type { AuditNote, ShadowHit, ShadowNote } from '../domain/comparison.ts'
import type { Warning } from '../domain/report.ts'
import { flag, type Profile } from '../domain/row.ts'
import type { StoredRequest } from '../domain/stored-request.ts'
import { formatMs, plural } from '../report/numbers.ts'
import { textOf } from '../store/request-lookup.ts'

type Fact = readonly [name: string, value: string]

/** What the log says of a request beside its cost, in words. */
export function factsOf(request: StoredRequest, sameKey: number | null): readonly Fact[] {
  const { profile } = request
  const pairs: readonly (readonly [string, string | null])[] = [
    ['number', `#${request.seq} in this store`],
    ['response', request.responseId === request.id ? null : request.responseId],
    ['provider', profile.provider],
    ['model', modelText(request.profile)],
    ['operation', profile.operation === 'chat' ? null : profile.operation],
    ['status', statusText(request)],
    ['error', textAt(request, 'error')],
    ['latency', latencyText(request)],
    [
      'tier',
      [profile.serviceTier, profile.speed].filter((word) => word !== null).join(', ') || null,
    ],
    ['place', profile.inferenceGeo ?? profile.region],
    ['feature', profile.feature],
    ['user', request.user],
    ['session', request.session],
    ['trace', request.trace],
    ['plan', profile.plan],
    ['team', profile.team],
    ['namespace', profile.namespace],
    ['key', profile.key],
    ['route', profile.route],
    ['target', profile.target],
    ['task', profile.task],
    ['agent role', profile.agentRole],
    ['prompt version', profile.promptVersion],
    ['documents', profile.documentVersion ?? textAt(request, 'documentVersion')],
    ['tags', tagsText(profile.tags ?? textAt(request, 'tags'))],
    ['parameters', profile.params ?? textAt(request, 'params')],
    ['shadow', shadowText(request)],
    ['audit', auditText(request)],
    ['reasoning', reasoningText(request)],
    ['repeats', repeatsText(sameKey)],
    ['text', isWithheld(request) ? 'not kept in this store (--content hash)' : null],
  ]
  return pairs.filter((pair): pair is Fact => pair[1] !== null && pair[1] !== '')
}

const textAt = ({ extra }: StoredRequest, name: string): string | null => {
  const value = extra[name]
  return typeof value === 'string' ? value : null
}

/** What layers that only watched would have done. */
function shadowText({ extra }: StoredRequest): string | null {
  const notes = (extra['shadow'] ?? []) as readonly ShadowNote[]
  const texts = notes.map((note) =>
    note.kind === 'hit'
      ? `${note.layer} cache, the answer of ${note.entry}, similarity ${note.similarity.toFixed(4)}: ${verdictText(note)}`
      : `route ${note.route ?? 'unknown'}: ${note.targets.map(({ target }) => target).join(' → ')}`,
  )
  return texts.length === 0 ? null : texts.join('; ')
}

function auditText({ extra }: StoredRequest): string | null {
  const note = extra['audit'] as AuditNote | undefined
  if (note === undefined) return null
  return note.kind === 'hit'
    ? `of ${note.of}: the cached answer of ${note.entry} is ${verdictText(note)}`
    : `of ${note.of}: ${note.target} against ${note.strong}, ${note.difference ?? 'unsettled'}`
}

const verdictText = ({ verdict, by }: Pick<ShadowHit, 'verdict' | 'by'>): string =>
  `${verdict ?? 'not compared'}${by === null ? '' : ` (${by})`}`

const modelText = ({ model, requestedModel }: Profile): string | null =>
  requestedModel === null || requestedModel === model
    ? model
    : `${requestedModel}, answered by ${model}`

function statusText({ profile }: StoredRequest): string {
  const { status, statusCode, finishReason } = profile
  const code = statusCode === null ? [] : [statusCode]
  const finish = finishReason === null ? [] : [`finished with ${finishReason}`]
  return [status ?? 'unknown', ...code, ...finish].join(', ')
}

function latencyText({ latencyMs, firstTokenMs }: StoredRequest): string | null {
  if (latencyMs === null)
    return firstTokenMs === null ? null : `first token after ${formatMs(firstTokenMs)}`
  const first = firstTokenMs === null ? '' : `, first token after ${formatMs(firstTokenMs)}`
  return `${formatMs(latencyMs)}${first}`
}

function tagsText(json: string | null): string | null {
  if (json === null) return null
  const tags = JSON.parse(json) as readonly (readonly [string, string])[]
  return tags.map(([name, value]) => `${name}=${value}`).join(', ')
}

const reasoningText = ({ usage }: StoredRequest): string | null =>
  usage.reasoningTokens === 0 ? null : `${plural(usage.reasoningTokens, 'token')} of the output`

function repeatsText(sameKey: number | null): string | null {
  if (sameKey === null) return null
  return sameKey === 1
    ? 'asked once in this store'
    : `asked ${sameKey} times in this store: one cached answer could serve them all, within one namespace`
}

/** True where there was text and none of it was stored. */
const isWithheld = ({ prompt, answer }: StoredRequest): boolean =>
  [...prompt, ...(answer === null ? [] : [answer])].some(({ content }) => content === null)

/** Codes that price book and readers leave with a request, in words. */
const warningTexts: Readonly<Record<string, string>> = {
  'service-tier-unpriced': 'the price of this service tier is unknown: priced at the standard rate',
  'speed-unpriced': 'the price of this speed is unknown: priced at the standard rate',
  'price-source-disagreement': 'the public sources disagree on this price',
  'tool-fee-unpriced': 'a fee by the piece is unknown: not counted',
  'audio-rate-missing': 'the rate of audio tokens is unknown: priced as text',
  'image-rate-missing': 'the rate of image tokens is unknown: priced as text',
  'latency-missing': 'priced by the hour, and the log has no duration: no price',
  'inclusive-usage-ambiguous':
    'the input count may or may not hold the cached tokens: taken to hold them',
}

/** What to mind about the figures of a request. */
export function warningsOfRequest({ extra, flags, profile }: StoredRequest): readonly Warning[] {
  const codes = Array.isArray(extra['warnings']) ? (extra['warnings'] as readonly string[]) : []
  const has = (bit: number) => (flags & bit) !== 0
  const flagged: readonly (readonly [boolean, string, string])[] = [
    [
      has(flag.unpriced),
      'unpriced',
      `no price is known for ${profile.provider ?? '?'}:${profile.model}`,
    ],
    [has(flag.estimated), 'estimated', estimateText(extra)],
    [
      has(flag.servedFromCache),
      'served-from-cache',
      'a response cache answered: no model was asked',
    ],
    [has(flag.truncated), 'truncated', 'the answer was cut off at its length limit'],
    [has(flag.outputUnused), 'output-unused', 'nothing used the answer'],
  ]
  return [
    ...codes.map((code) => [code, warningTexts[code] ?? code.replaceAll('-', ' ')] as const),
    ...flagged.filter(([holds]) => holds).map(([, code, message]) => [code, message] as const),
  ].map(([code, message]) => ({ code, message, count: 1 }))
}

const estimateText = (extra: StoredRequest['extra']): string =>
  extra['estimate'] === undefined
    ? 'the log has no token counts, and no text to count them by'
    : 'the log has no token counts: they were counted from the text'

const longestSystem = 300
const longestMessage = 1500

/** The system prompt's beginning and the last message; what stands between is only counted. */
export function promptText(chain: readonly StoredMessage[]): string | null {
  const messages = chain.filter(({ role }) => role !== 'tools')
  if (messages.length === 0 || messages.some(({ content }) => content === null)) return null
  const [first] = messages
  const system = first?.role === 'system' ? [first] : []
  const rest = messages.slice(system.length)
  const last = rest.at(-1)
  return [
    ...system.map((message) => excerpt(message, longestSystem)),
    ...(rest.length > 1 ? [`… ${plural(rest.length - 1, 'message')} …`] : []),
    ...(last === undefined ? [] : [excerpt(last, longestMessage)]),
  ].join('\n\n')
}

export const answerText = (answer: StoredMessage | null): string | null =>
  answer === null || answer.content === null
    ? null
    : cut(textOf(answer) || answer.content, longestMessage)

const excerpt = (message: StoredMessage, length: number): string =>
  `${message.role}: ${cut(textOf(message) || (message.content ?? ''), length)}`

const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length).trimEnd()}…`
