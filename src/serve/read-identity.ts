import { isObject, type JsonObject, objectOf, openObject } from '../domain/json.ts'
import { tagsOf } from '../ingest/fields.ts'
import { type Context, contextFields, fillContext } from '../ingest/identity.ts'
import { labels, timeoutClassNames } from '../policy/file-when.ts'
import type { Hint, TimeoutClassName } from '../policy/when.ts'
import { boundedText, type Headers, headerText } from './header-text.ts'
import { type HeaderRule, identityRule } from './identity-headers.ts'
import { tagsFrom } from './identity-tags.ts'
import { readBodyIdentity } from './read-body-identity.ts'
import type { TagSpelling } from './tag-spelling.ts'

/** Who asks, as the key says that came with the request. What it says no header or body can change. */
export type Caller = {
  /** The name of a gateway key, or a hash of the client's own; null: it came with none. */
  readonly key: string | null
  readonly user: string | null
  readonly team: string | null
  readonly plan: string | null
  readonly tenant: string | null
  /** The tenant where neither the key nor the client names one. */
  readonly defaultTenant: string | null
}

/** Who asked for what, as far as anybody says so. */
export type Identity = {
  /** Fields of the request. */
  readonly context: Context
  /** The client's own word for how hard it is. */
  readonly hint: Hint | null
  readonly timeoutClass: TimeoutClassName | null
}

export type IdentitySources = {
  readonly caller: Caller
  readonly headers: Headers
  /** Null where it is no JSON object. */
  readonly body: JsonObject | null
  readonly spelling: TagSpelling
}

/**
 * Reads who asked, from the key first, then from our headers, those of other gateways, and the body. Values are of
 * bounded length and number; names have no case.
 */
export function readIdentity({ caller, headers, body, spelling }: IdentitySources): Identity {
  const said = readHeaders(headers)
  const inBody = body === null ? [] : readBodyIdentity(body)
  const draft: Draft = {}
  if (said.isAnything || inBody.length > 0) {
    const objects = [...said.metadata.filter(isObject), ...inBody].map(namedPlainly)
    fillContext(draft, [said.fields, namedPlainly(said.tags), ...objects], [])
    boundFields(draft)
    const tags = tagsFrom(said.tags, objects, spelling)
    if (tags.size > 0) draft.tags = tags
  }
  applyCaller(draft, caller)
  const { hint, timeoutClass } = said
  return { context: draft, hint, timeoutClass }
}

type Draft = { -readonly [Field in keyof Context]?: Context[Field] }

type Said = {
  isAnything: boolean
  fields: Record<string, string>
  /** By name; "true" for one without a value. */
  tags: Record<string, string>
  /** The more trusted first. */
  metadata: JsonObject[]
  hint: Hint | null
  timeoutClass: TimeoutClassName | null
}

function readHeaders(headers: Headers): Said {
  const said: Said = {
    isAnything: false,
    fields: {},
    tags: openObject(),
    metadata: [],
    hint: null,
    timeoutClass: null,
  }
  const ranks: Record<string, number> = {}
  for (const name in headers) {
    const rule = identityRule(name)
    if (rule.kind === 'nothing') continue
    const text = headerText(headers[name])?.trim()
    if (text === undefined || text === '') continue
    said.isAnything = true
    note(said, ranks, rule, text)
  }
  return said
}

function note(said: Said, ranks: Record<string, number>, rule: HeaderRule, text: string): void {
  switch (rule.kind) {
    case 'field':
    case 'trace-parent': {
      const value = rule.kind === 'field' ? text : traceOf(text)
      if (value === undefined || rule.rank >= (ranks[rule.field] ?? Number.POSITIVE_INFINITY)) break
      ranks[rule.field] = rule.rank
      said.fields[rule.field] = value
      break
    }
    case 'tag':
      said.tags[rule.tag] ??= text
      break
    case 'tags':
      for (const [name, value] of tagsOf(text) ?? []) said.tags[name] ??= value
      break
    case 'metadata':
      said.metadata[rule.rank] = objectOf(text)
      break
    case 'hint':
      said.hint = labels.find((label) => label === text.toLowerCase()) ?? null
      break
    case 'timeout-class':
      said.timeoutClass = timeoutClassNames.find((name) => name === text.toLowerCase()) ?? null
      break
    case 'nothing':
      break
  }
}

/** W3C Trace Context: version, trace id, parent id, flags. A trace id of zeroes is none. */
const traceParent = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/

const traceOf = (text: string): string | undefined => traceParent.exec(text)?.[1]

/** More names than this in one object are not looked at. */
const mostNames = 64

const plainNames: ReadonlyMap<string, string> = new Map(
  [...contextFields.keys()].reverse().map((name) => [squeezed(name), name]),
)

/** Fields that the gateway alone knows, or that are known only afterwards. */
const untrusted: ReadonlySet<string> = new Set(
  [...contextFields].flatMap(([name, field]) =>
    ['key', 'route', 'target', 'answerLabel', 'outputUsed'].includes(field) ? [name] : [],
  ),
)

/** "User_ID", "userId" and "user-id" are one name. */
function squeezed(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '')
}

/** The same object under the names that are known, which may differ in case or hyphens, and without what no client says. */
function namedPlainly(object: JsonObject): JsonObject {
  const plain = openObject<JsonObject[string]>()
  let seen = 0
  for (const name in object) {
    if (++seen > mostNames) break
    const known = contextFields.has(name) ? name : (plainNames.get(squeezed(name)) ?? name)
    if (!untrusted.has(known)) plain[known] ??= object[name]
  }
  return plain
}

function boundFields(draft: Draft): void {
  const fields = draft as Record<string, unknown>
  for (const name in fields) {
    const value = fields[name]
    if (typeof value === 'string') fields[name] = boundedText(value)
    if (Array.isArray(value)) fields[name] = boundedList(value)
    if (fields[name] === undefined) delete fields[name]
  }
}

/** Touched paths of one change. */
const mostPaths = 256

const boundedList = (values: readonly unknown[]): readonly string[] =>
  values.slice(0, mostPaths).flatMap((each) => boundedText(String(each)) ?? [])

function applyCaller(draft: Draft, { key, user, team, plan, tenant, defaultTenant }: Caller): void {
  if (key !== null) draft.key = key
  if (user !== null) draft.user = user
  if (team !== null) draft.team = team
  if (plan !== null) draft.plan = plan
  if (tenant !== null) draft.namespace = tenant
  else if (draft.namespace === undefined && defaultTenant !== null) draft.namespace = defaultTenant
}
