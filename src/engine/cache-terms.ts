import type { Request } from '../domain/request.ts'
import type { CacheTerms } from '../domain/world.ts'
import type { CachePolicy, CacheRule, Namespace, NamespaceField } from '../policy/caching.ts'
import type { Policy } from '../policy/policy.ts'
import { compileWhen, type Matcher } from './match-rule.ts'
import type { RequestFacts } from './request-facts.ts'

/** Says on which terms a request may be served from the cache. */
export type TermsOf = (facts: RequestFacts) => CacheTerms

/** The cache policy made ready: the first rule that holds changes what the layers say by themselves. */
export function compileTerms({ cache, coalesce }: Pick<Policy, 'cache' | 'coalesce'>): TermsOf {
  const rules = cache.rules.map((rule) => ({ rule, matches: compileWhen(rule.when) }))
  const plain = settled(cache, coalesce, null)
  const byRule = new Map(cache.rules.map((rule) => [rule, settled(cache, coalesce, rule)]))
  const isShared = cache.namespace.kind === 'shared'
  return (facts) => {
    const rule = ruleFor(rules, facts)
    const terms = rule === null ? plain : (byRule.get(rule) as CacheTerms)
    if (isShared && rule?.namespace === undefined) return terms
    const namespace = namespaceOf(rule?.namespace ?? cache.namespace, facts.request)
    return { ...terms, namespace }
  }
}

type CompiledRule = { readonly rule: CacheRule; readonly matches: Matcher }

function ruleFor(rules: readonly CompiledRule[], facts: RequestFacts): CacheRule | null {
  for (const { rule, matches } of rules) if (matches(facts)) return rule
  return null
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

/** The namespace a request's entries belong to: '' is shared, and a field the request lacks is a value of its own. */
export function namespaceOf(namespace: Namespace, request: Request): string {
  switch (namespace.kind) {
    case 'shared':
      return ''
    case 'log':
      return request.namespace === undefined ? '' : `=${request.namespace}`
    case 'fields':
      return namespace.fields.map((field) => fieldText(request, field)).join('\n')
  }
}

function fieldText(request: Request, field: NamespaceField): string {
  const value = fieldOf(request, field)
  // No value of one field can look like the end of it and the beginning of the next.
  return value === undefined ? '' : `=${value.replaceAll('\n', '\n\n')}`
}

function fieldOf(request: Request, field: NamespaceField): string | undefined {
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
