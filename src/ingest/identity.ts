import {
  booleanOf,
  isObject,
  type JsonObject,
  listOf,
  numberOf,
  objectOf,
  textOf,
} from '../domain/json.ts'
import type { Request } from '../domain/request.ts'
import { tagsOf } from './fields.ts'

/** Who asked, for what: the fields that any log may hold under their plain names. */
export type Context = Pick<
  Request,
  | 'user'
  | 'session'
  | 'trace'
  | 'feature'
  | 'plan'
  | 'team'
  | 'namespace'
  | 'route'
  | 'target'
  | 'key'
  | 'documentVersion'
  | 'task'
  | 'agentRole'
  | 'promptVersion'
  | 'answerLabel'
  | 'requiresReasoning'
  | 'outputUsed'
  | 'diffLines'
  | 'paths'
  | 'tags'
>

/** Names under which each field is found, first match wins. */
const aliases = {
  user: ['user', 'user_id', 'userId', 'end_user', 'endUser', '_user', 'customer', 'customer_id'],
  session: ['session', 'session_id', 'sessionId', 'conversation_id', 'conversationId', 'thread_id'],
  trace: ['trace', 'trace_id', 'traceId'],
  feature: ['feature', 'feature_name', 'featureName'],
  plan: ['plan', 'user_plan', 'userPlan', 'tier_name'],
  team: ['team', 'team_id', 'teamId', 'department'],
  namespace: ['namespace', 'tenant', 'tenant_id', 'tenantId', 'organization', 'org_id'],
  route: ['route'],
  target: ['target'],
  key: ['key', 'api_key_name', 'key_alias', 'api_key_alias'],
  documentVersion: ['documentVersion', 'document_version', 'doc_version'],
  task: ['task', 'task_type'],
  agentRole: ['agentRole', 'agent_role'],
  promptVersion: ['promptVersion', 'prompt_version'],
  answerLabel: ['answerLabel', 'answer_label'],
} as const

const typedAliases = {
  requiresReasoning: ['requiresReasoning', 'requires_reasoning'],
  outputUsed: ['outputUsed', 'output_used'],
  diffLines: ['diffLines', 'diff_lines'],
  paths: ['paths'],
} as const

/** A request being put together. */
export type Draft = { -readonly [Name in keyof Request]: Request[Name] }
type Field = keyof Context
type Alias = { readonly field: Field; readonly number: number; readonly rank: number }

const aliasOf: ReadonlyMap<string, Alias> = new Map(
  Object.entries({ ...aliases, ...typedAliases }).flatMap(([field, names], number) =>
    names.map((name, rank) => [name, { field: field as Field, number, rank }] as const),
  ),
)

/** The field that is found under a name; of names for one field the better come first. */
export const contextFields: ReadonlyMap<string, keyof Context> = new Map(
  [...aliasOf].map(([name, { field }]) => [name, field]),
)

/**
 * Reads who asked and for what: pass the record, then its metadata, most trusted first. What the tag sources hold
 * becomes tags, and fills the fields that nothing else named.
 */
export function readContext(
  sources: readonly unknown[],
  tagSources: readonly unknown[] = [],
): Context {
  const context: Partial<Draft> = {}
  fillContext(context, sources, tagSources)
  return context
}

/** `readContext` straight into a draft, for readers that must be fast. */
export function fillContext(
  draft: Partial<Draft>,
  sources: readonly unknown[],
  tagSources: readonly unknown[],
): void {
  for (const source of sources) {
    if (source !== undefined && source !== null) fillFrom(objectOf(source), draft)
  }
  let tags: ReadonlyMap<string, string> | undefined
  for (const source of tagSources) {
    if (source === undefined || source === null) continue
    const more = tagsOf(source)
    if (more === undefined) continue
    tags = tags === undefined ? more : new Map([...more, ...tags])
    fillFrom(Object.fromEntries(more), draft)
  }
  if (tags !== undefined) draft.tags = tags
}

/** Which alias of each field the object at hand has given, as (object number × 16 + rank): no table per record. */
const givenBy = new Float64Array(32)
let objectNumber = 0

/** Takes each field the object names, unless an earlier source did; of two aliases the better ranked one. */
function fillFrom(object: JsonObject, draft: Partial<Draft>): void {
  objectNumber += 1
  const target = draft as Record<string, unknown>
  for (const name in object) {
    const alias = aliasOf.get(name)
    if (alias === undefined) continue
    const { field, number, rank } = alias
    const value = readField(field, object[name])
    if (value === undefined) continue
    const given = givenBy[number] as number
    const here = given >= objectNumber * 16
    if (here ? given - objectNumber * 16 <= rank : target[field] !== undefined) continue
    givenBy[number] = objectNumber * 16 + rank
    target[field] = value
  }
}

function readField(field: Field, value: unknown): unknown {
  if (value === null || value === '' || value === undefined) return undefined
  switch (field) {
    case 'requiresReasoning':
    case 'outputUsed':
      return booleanOf(value)
    case 'diffLines':
      return numberOf(value)
    case 'paths':
      return listOf(value).filter((path) => typeof path === 'string')
    case 'key':
      return safeKeyName(String(value))
    default:
      return textOf(value)
  }
}

/** Key material never goes further: what looks like a key itself is cut to a recognisable, useless stump. */
export function safeKeyName(name: string): string {
  const looksSecret = /^(?:sk|pk|rk|gsk|xai|key|api|AIza|Bearer )[-_A-Za-z0-9. ]{16,}$/.test(name)
  return looksSecret ? `${name.slice(0, 5)}…${name.slice(-4)}` : name
}

/** Strings, numbers and booleans of an object that no field above claims, as tags. */
export function restAsTags(metadata: unknown): JsonObject {
  const claimed = new Set<string>(Object.values(aliases).flat())
  const rest: Record<string, string | number | boolean> = Object.create(null)
  const object = objectOf(metadata)
  for (const name of Object.keys(object)) {
    const value = object[name]
    if (claimed.has(name) || isObject(value)) continue
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      rest[name] = value
  }
  return rest
}
