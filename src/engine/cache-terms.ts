import type { Request } from '../domain/request.ts'
import type { CacheTerms } from '../domain/world.ts'
import type { CachePolicy, CacheRule, Namespace, NamespaceField } from '../policy/caching.ts'
import type { Policy } from '../policy/policy.ts'
import { compileWhen } from './match-rule.ts'
import type { RequestFacts } from './request-facts.ts'

/** Says on which terms a request may be served from the cache. */
export type CompiledTerms = {
  /** The place of the first rule that holds among the policy's; -1: none. Depends on the request alone. */
  readonly ruleOf: (facts: RequestFacts) => number
  /** The terms of a request for which that rule holds. */
  readonly termsUnder: (rule: number, request: () => Request) => CacheTerms
}

/** The cache policy made ready: the first rule that holds changes what the layers say by themselves. */
export function compileTerms({
  cache,
  coalesce,
}: Pick<Policy, 'cache' | 'coalesce'>): CompiledTerms {
  // Where nothing may be cached whatever a rule says, none is asked.
  const isOff = !coalesce && [cache.exact, cache.semantic].every(({ on }) => !on)
  const isDecided = isOff && cache.rules.every(({ exact, semantic }) => !exact && !semantic)
  const matchers = isDecided ? [] : cache.rules.map(({ when }) => compileWhen(when))
  const plain = settled(cache, coalesce, null)
  const byRule = cache.rules.map((rule) => settled(cache, coalesce, rule))
  return {
    ruleOf: (facts) => matchers.findIndex((matches) => matches(facts)),
    termsUnder(rule, request) {
      const terms = byRule[rule] ?? plain
      const kind = cache.rules[rule]?.namespace ?? cache.namespace
      return kind.kind === 'shared' ? terms : { ...terms, namespace: namespaceOf(kind, request()) }
    },
  }
}

function settled(
  { exact, semantic }: CachePolicy,
  coalesce: boolean,
  rule: CacheRule | null,
): CacheTerms {
  return {
    exact: rule?.exact ?? exact.on,
    semantic: rule?.semantic ?? semantic.on,
    // What no cache may answer, no other call may either.
    coalesce: coalesce && rule?.exact !== false,
    namespace: '',
    threshold: rule?.threshold ?? semantic.threshold,
    exactTtlMs: ttlMs(rule?.ttlSeconds === undefined ? exact.ttlSeconds : rule.ttlSeconds),
    semanticTtlMs: ttlMs(rule?.ttlSeconds === undefined ? semantic.ttlSeconds : rule.ttlSeconds),
    rule: rule?.name ?? null,
  }
}

const ttlMs = (seconds: number | null): number =>
  seconds === null ? Number.POSITIVE_INFINITY : seconds * 1000

/**
 * The namespace a request's entries belong to: '' is shared, and a field the request lacks is a value of its own. Fields
 * are named, since rules may have others: a user who is called like a feature is not in its namespace.
 */
export function namespaceOf(namespace: Namespace, request: Request): string {
  switch (namespace.kind) {
    case 'shared':
      return ''
    case 'log':
      return request.namespace === undefined ? '' : fieldText(request, 'tenant')
    case 'fields':
      return namespace.fields.map((field) => fieldText(request, field)).join('\n')
  }
}

function fieldText(request: Request, field: NamespaceField): string {
  const value = namespaceFieldOf(request, field)
  // No value of one field can look like the end of it and the beginning of the next.
  return value === undefined ? field : `${field}=${value.replaceAll('\n', '\n\n')}`
}

/** What namespaces tell requests apart by. */
export type NamespaceFacts = Pick<
  Request,
  'namespace' | Exclude<NamespaceField, 'tenant' | `tag:${string}`> | 'tags'
>

/** The value of a field; undefined where the request has none. */
export function namespaceFieldOf(
  request: NamespaceFacts,
  field: NamespaceField,
): string | undefined {
  switch (field) {
    case 'tenant':
      return request.namespace
    case 'user':
    case 'key':
    case 'team':
    case 'feature':
    case 'plan':
    case 'session':
    case 'documentVersion':
    case 'promptVersion':
      return request[field]
    default:
      return request.tags?.get(field.slice('tag:'.length))
  }
}
