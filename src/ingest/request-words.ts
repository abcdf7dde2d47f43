import { jsonTextOf } from '../domain/json.ts'
import type { Pricing } from '../domain/price.ts'
import type { Answer, AttemptAnswer, Request } from '../domain/request.ts'
import { type Cell, profileFields } from '../domain/row.ts'
import type { Usage } from '../domain/usage.ts'
import type { ContentMode } from './ports.ts'
import type { ShownWords } from './shown-words.ts'

/** Distinct values of a freely worded field beyond which it is kept with each request and not in profiles. */
const mostValues = 1000

/** Remembers the values of freely worded fields while they are few. */
export class FewValues {
  readonly #seen = new Map<string, Set<string>>()

  /** The value while the file has shown few different ones, else null. */
  keep(field: string, value: string | null): string | null {
    if (value === null) return null
    let seen = this.#seen.get(field)
    if (seen === undefined) {
      seen = new Set()
      this.#seen.set(field, seen)
    }
    if (seen.has(value)) return value
    if (seen.size >= mostValues) return null
    seen.add(value)
    return value
  }

  isFull(field: string): boolean {
    return (this.#seen.get(field)?.size ?? 0) >= mostValues
  }

  /** True when `keep` would have refused this value. */
  refuses(field: string, value: string): boolean {
    const seen = this.#seen.get(field)
    return seen !== undefined && seen.size >= mostValues && !seen.has(value)
  }
}

/** The cells of a request's profile, in the order of `profileFields`. */
export const profileCells = (request: Request, format: string, few: FewValues): readonly Cell[] =>
  profileFields.map((field) => profileCell(request, field, format, few))

function profileCell(
  request: Request,
  field: (typeof profileFields)[number],
  format: string,
  few: FewValues,
): Cell {
  switch (field) {
    case 'format':
      return format
    case 'finishReason':
      return request.answer?.finishReason ?? null
    case 'statusCode':
      return request.statusCode === undefined ? null : String(request.statusCode)
    case 'tags':
    case 'params':
    case 'documentVersion':
      return few.keep(field, freelyWorded[field](request))
    default:
      return request[field] ?? null
  }
}

const freelyWorded = {
  tags: ({ tags }: Request): string | null =>
    tags === undefined ? null : JSON.stringify([...tags].sort(([a], [b]) => (a < b ? -1 : 1))),
  params: ({ params }: Request): string | null =>
    params === undefined ? null : jsonTextOf(params),
  documentVersion: ({ documentVersion }: Request): string | null => documentVersion ?? null,
} as const

/** True when a request's tags are kept in `extra`, its file having shown too many different ones. */
export function hasOwnTags(request: Request, few: FewValues): boolean {
  if (request.tags === undefined || !few.isFull('tags')) return false
  const tags = freelyWorded.tags(request)
  return tags !== null && few.refuses('tags', tags)
}

/** Fields of a request that go into `extra` unchanged. */
const keptAsTheyAre = [
  'promptBlocks',
  'fees',
  'variant',
  'revision',
  'diffLines',
  'receipt',
  'shadow',
  'audit',
] as const satisfies readonly (keyof Request)[]

/** What a request holds beside its columns, as JSON, or null when that is nothing. */
export function extraOf(
  request: Request,
  pricing: Pricing,
  estimate: Usage | null,
  content: ContentMode,
  few: FewValues,
  shown: ShownWords,
): string | null {
  const extra: Record<string, unknown> = {}
  for (const name of keptAsTheyAre) if (request[name] !== undefined) extra[name] = request[name]
  if (request.answerLabel !== undefined) extra['answerLabel'] = shown.name(request.answerLabel)
  addContent(extra, request, content, shown)
  if (request.answer?.choices !== undefined) extra['choices'] = request.answer.choices
  if (estimate !== null) extra['estimate'] = [estimate.inputTokens, estimate.outputTokens]
  addOverflow(extra, request, few, shown)
  if (request.warnings !== undefined || pricing.warnings.length > 0) {
    extra['warnings'] = [...(request.warnings ?? []), ...pricing.warnings]
  }
  for (const _ in extra) return JSON.stringify(extra)
  return null
}

/** What profiles refused, because its file has shown too many different values of it. */
function addOverflow(
  extra: Record<string, unknown>,
  request: Request,
  few: FewValues,
  shown: ShownWords,
): void {
  for (const field of ['tags', 'params', 'documentVersion'] as const) {
    const value = request[field] === undefined ? null : freelyWorded[field](request)
    if (value !== null && few.refuses(field, value))
      extra[field] = field === 'documentVersion' ? shown.name(value) : shown.json(field, value)
  }
}

/** Longest error text kept. */
const longestError = 2000

/** Error texts and paths may quote the prompt, and a vector can be turned back into it: they are kept where content is. */
function addContent(
  extra: Record<string, unknown>,
  { error, paths, embedding, attempts }: Request,
  content: ContentMode,
  shown: ShownWords,
): void {
  const kept = content === 'full'
  if (error !== undefined)
    extra['error'] = kept ? shown.text(error).slice(0, longestError) : 'withheld'
  if (kept && embedding !== undefined) extra['embedding'] = embedding
  if (kept && paths !== undefined) extra['paths'] = paths.map((path) => shown.text(path))
  if (attempts !== undefined)
    extra['attempts'] = attempts.map((each) => shownAttempt(each, kept, shown))
}

/** An answer's text and calls are kept as those of the request's own answer are. */
function shownAttempt(
  { answer, ...attempt }: AttemptAnswer,
  kept: boolean,
  shown: ShownWords,
): AttemptAnswer {
  if (answer === undefined || !kept) return attempt
  const text = JSON.stringify(answer, (_, value) =>
    typeof value === 'string' ? shown.text(value) : value,
  )
  return { ...attempt, answer: JSON.parse(text) as Answer }
}
