import type { Json } from '../domain/json.ts'
import type { Request } from '../domain/request.ts'
import { mayBeRedacted, redact } from '../ingest/redact.ts'
import type { Policy } from '../policy/policy.ts'
import { bypassReasons, type History } from './history.ts'
import { answerOf } from './stored-request.ts'

/** Whether redaction finds something in the texts of a value. */
const holdsPersonal = (value: Json): boolean => {
  if (typeof value === 'string') return redact(value) !== value
  if (Array.isArray(value)) return value.some(holdsPersonal)
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((each) => each !== undefined && holdsPersonal(each))
}

/** Whether what was said in a request, or answered to it, is not to be served to others who share its namespace. */
export type IsPersonal = (said: Json, request: Pick<Request, 'user'>) => boolean

type Privacy = Pick<Policy, 'privacy' | 'cache'>

/**
 * Tells what others must not be served: an exchange that redaction would alter is of one person alone. Null where the
 * policy takes nothing out.
 */
export function personalIn(policy: Privacy): IsPersonal | null {
  if (!policy.privacy.redact) return null
  const isShared = sharedIn(policy)
  return (said, request) => isShared(request) && holdsPersonal(said)
}

/**
 * Whether a request shares its namespace with others: it does unless every namespace in force, those of rules
 * included, is per user and the request says whose it is.
 */
function sharedIn({
  cache: { namespace, rules },
}: Privacy): (request: Pick<Request, 'user'>) => boolean {
  const inForce = [namespace, ...rules.flatMap((rule) => rule.namespace ?? [])]
  const arePerUser = inForce.every((each) => each.kind === 'fields' && each.fields.includes('user'))
  return ({ user = '' }) => !arePerUser || user === ''
}

/** What of a logged request is of one person alone; `unknown`: the log holds its prompt as a hash. */
const mark = { nothing: 0, prompt: 1, answer: 2, unknown: 3 } as const

/** A number of `mark` for each request. What was redacted as it was read counts as what it was. */
export function personalMarks({ count, seq, lookup, requestAt }: History): Uint8Array {
  const wasPersonal = (value: Json) => holdsPersonal(value) || mayBeRedacted(JSON.stringify(value))
  return Uint8Array.from({ length: count }, (_, place) => {
    const { prompt } = requestAt(place)
    if (prompt === undefined) return mark.unknown
    if (wasPersonal(prompt as Json)) return mark.prompt
    const text = answerOf(lookup.answerOf(seq[place] as number), null)?.text
    return text !== undefined && wasPersonal(text) ? mark.answer : mark.nothing
  })
}

export type SharedHistory = {
  readonly history: History
  /** Requests of which the log does not tell. */
  readonly unknown: number
}

/** Reasons that show only in the answer: a gateway has said by then that the question is personal. */
const seenLater: ReadonlySet<string | null> = new Set([null, 'not-answered', 'tool-call'])

/** The history in which what is of one person alone neither is served by a cache nor fills one. */
export function withoutPersonal(
  history: History,
  found: Uint8Array,
  policy: Privacy,
): SharedHistory {
  const pii = bypassReasons.indexOf('pii')
  const isShared = sharedIn(policy)
  const marks = found.map((each, place) =>
    each === mark.nothing || isShared(history.requestAt(place)) ? each : mark.nothing,
  )
  let unknown = 0
  const bypass = history.bypass.map((reason, place) => {
    if (marks[place] === mark.unknown) unknown++
    const isLater = seenLater.has(bypassReasons[reason] ?? null)
    return marks[place] === mark.prompt && isLater ? pii : reason
  })
  const isApart = (place: number) => marks[place] === mark.prompt || marks[place] === mark.answer
  const insertable = history.insertable.map((may, place) => (isApart(place) ? 0 : may))
  return { history: { ...history, bypass, insertable }, unknown }
}
