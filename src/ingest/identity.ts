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
} as const

const typedAliases = {
  requiresReasoning: ['requiresReasoning', 'requires_reasoning'],
  outputUsed: ['outputUsed', 'output_used'],
  diffLines: ['diffLines', 'diff_lines'],
  paths: ['paths'],
} as const

type Found = { -readonly [Name in keyof Context]?: unknown }
type Alias = { readonly field: keyof Context; readonly rank: number }

const aliasOf: ReadonlyMap<string, Alias> = new Map(
  Object.entries({ ...aliases, ...typedAliases }).flatMap(([field, names]) =>
    names.map((name, rank) => [name, { field: field as keyof Context, rank }] as const),
  ),
)

/**
 * Reads who asked and for what: pass the record, then its metadata, most trusted first. What the tag sources hold
 * becomes tags, and fills the fields that nothing else named.
 */
export function readContext(
  sources: readonly unknown[],
  tagSources: readonly unknown[] = [],
): Context {
  const found: Found = {}
  for (const source of sources)
    if (source !== undefined && source !== null) fillFrom(objectOf(source), found)
  let tags: ReadonlyMap<string, string> | undefined
  for (const source of tagSources) {
    if (source === undefined || source === null) continue
    const more = tagsOf(source)
    if (more === undefined) continue
    tags = tags === undefined ? more : new Map([...more, ...tags])
    fillFrom(Object.fromEntries(more), found)
  }
  return typedContext(found, tags)
}

/** Takes each field the object names, unless an earlier source did; of two aliases the better ranked one. */
function fillFrom(object: JsonObject, found: Found): void {
  const ranks = new Map<string, number>()
  for (const name in object) {
    const alias = aliasOf.get(name)
    if (alias === undefined) continue
    const value = object[name]
    if (value === null || value === '' || value === undefined) continue
    const rank = ranks.get(alias.field)
    if (rank === undefined ? found[alias.field] !== undefined : rank <= alias.rank) continue
    ranks.set(alias.field, alias.rank)
    found[alias.field] = value
  }
}

function typedContext(found: Found, tags: ReadonlyMap<string, string> | undefined): Context {
  const context: Record<string, unknown> = {}
  for (const field in found) {
    const value = readField(field as keyof Context, found[field as keyof Context])
    if (value !== undefined) context[field] = value
  }
  if (tags !== undefined) context['tags'] = tags
  return context as Context
}

function readField(field: keyof Context, value: unknown): unknown {
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
