import * as z from 'zod'
import { decimalUsd } from '../domain/money.ts'
import type { CacheRule, Namespace, SemanticCache } from './caching.ts'
import type { Budget } from './governance.ts'
import type { Policy } from './policy.ts'
import type { Ladder, Route, RouteChoice } from './routing.ts'
import { seconds } from './values.ts'

/** What a policy does, one sentence a line, in the order in which a request meets it. */
export function describePolicy(policy: Policy): readonly string[] {
  return [
    ...policy.budgets.map(budgetSentence),
    ...loopSentences(policy),
    ...cacheSentences(policy),
    ...policy.cache.rules.map(ruleSentence),
    ...prefixSentences(policy),
    ...routingSentences(policy),
    ...failureSentences(policy),
    ...otherSentences(policy),
  ]
}

const usdText = (nanoUsd: number): string => `$${decimalUsd(nanoUsd).replace(/\.?0+$/, '')}`

const windows = { day: 'a day', week: 'a week', month: 'a month', lifetime: 'in all' } as const
const whose = {
  user: 'each user',
  key: 'each key',
  team: 'each team',
  feature: 'each feature',
  session: 'each session',
  trace: 'each trace',
  all: 'all together',
} as const
const actions = {
  alert: 'beyond it there is an alert',
  downgrade: 'beyond it the smallest tier answers',
  block: 'beyond it requests are refused',
} as const

function budgetSentence({ scope, window, limitNanoUsd, action, mode }: Budget): string {
  const never = mode === 'hard' ? '; spend never passes it' : ''
  return `Budget: ${usdText(limitNanoUsd)} ${windows[window]} for ${whose[scope]}; ${actions[action]}${never}.`
}

function loopSentences({ loopGuard }: Policy): readonly string[] {
  const { maxCalls, maxNanoUsd, maxSimilarInRow, action } = loopGuard
  const limits = [
    ...(maxCalls === null ? [] : [`${maxCalls} calls in one trace`]),
    ...(maxNanoUsd === null ? [] : [`${usdText(maxNanoUsd)} in one trace`]),
    ...(maxSimilarInRow === null ? [] : [`${maxSimilarInRow} nearly identical ones in a row`]),
  ]
  if (limits.length === 0) return []
  return [
    `Loop guard: at ${limits.join(', or ')} ${action === 'block' ? 'the trace is stopped' : 'there is an alert'}.`,
  ]
}

function cacheSentences({ cache, coalesce }: Policy): readonly string[] {
  const { exact, semantic, namespace } = cache
  const both =
    exact.on ||
    semantic.on ||
    cache.rules.some((rule) => rule.exact === true || rule.semantic === true)
  return [
    exact.on
      ? `Equal requests share an answer ${lifetime(exact.ttlSeconds)}${capacity(exact.maxEntries)}.`
      : 'Equal requests are answered anew: the exact cache is off.',
    semantic.on
      ? semanticSentence(semantic)
      : 'Similar requests are answered anew: the semantic cache is off.',
    ...(both ? [`Answers are shared ${sharing(namespace)}.`] : []),
    ...(coalesce ? ['Identical requests in flight share one call.'] : []),
  ]
}

const lifetime = (ttlSeconds: number | null): string =>
  ttlSeconds === null ? 'without end' : `for ${z.encode(seconds, ttlSeconds)}`

const capacity = (maxEntries: number | null): string =>
  maxEntries === null ? '' : `, at most ${maxEntries} of them`

function semanticSentence(semantic: SemanticCache): string {
  const guards =
    semantic.guards.length === 0
      ? 'nothing else is looked at'
      : `guarded by ${semantic.guards.join(', ')}`
  return `Requests of similarity ${semantic.threshold} or more by the ${semantic.embedder} embedder share an answer ${lifetime(semantic.ttlSeconds)}${capacity(semantic.maxEntries)}, in conversations of up to ${semantic.maxMessages} messages; ${guards}.`
}

function sharing(namespace: Namespace): string {
  switch (namespace.kind) {
    case 'log':
      return 'within the namespace that requests carry, and among all that carry none'
    case 'shared':
      return 'among all users'
    case 'fields':
      return `within the same ${namespace.fields.join(' and ')}`
  }
}

function ruleSentence({
  name,
  exact,
  semantic,
  threshold,
  ttlSeconds,
  namespace,
}: CacheRule): string {
  const onOff = (on: boolean) => (on ? 'on' : 'off')
  const changes = [
    ...(exact === undefined ? [] : [`exact ${onOff(exact)}`]),
    ...(semantic === undefined ? [] : [`semantic ${onOff(semantic)}`]),
    ...(threshold === undefined ? [] : [`threshold ${threshold}`]),
    ...(ttlSeconds === undefined ? [] : [lifetime(ttlSeconds)]),
    ...(namespace === undefined ? [] : [`shared ${sharing(namespace)}`]),
  ]
  return `Rule ${name}: ${changes.length === 0 ? 'as above' : changes.join(', ')}.`
}

function prefixSentences({ prefix }: Policy): readonly string[] {
  if (prefix.mode === 'as-logged') return []
  return [`Prompt-cache marks are set after ${prefix.breakpoints.join(', ')} for ${prefix.ttl}.`]
}

function routingSentences({ routes, sticky, speculative }: Policy): readonly string[] {
  if (routes.length === 0) return ['Every request goes to the model it asks for.']
  return [
    ...routes.map(routeSentence),
    ...(sticky === 'none' ? [] : [`A ${sticky} stays where its first request went.`]),
    ...(speculative.kind === 'off'
      ? []
      : [`The first two rungs are asked at once; the cheap one has ${speculative.withinMs} ms.`]),
  ]
}

function routeSentence({ name, when, to }: Route): string {
  const conditions = Object.keys(when)
  const whom = conditions.length === 0 ? 'every request' : `by ${conditions.join(', ')}`
  return `Route ${name} (${whom}): ${choiceText(to)}.`
}

function choiceText(to: RouteChoice): string {
  switch (to.kind) {
    case 'default':
      return 'the model that was asked for'
    case 'ladder':
      return ladderText(to.ladder)
    case 'classifier': {
      const { simple, medium, hard } = to.ladders
      return `${to.classifier} says simple: ${ladderText(simple)}; medium: ${ladderText(medium)}; hard: ${ladderText(hard)}`
    }
  }
}

const ladderText = (ladder: Ladder): string =>
  ladder
    .map(({ target, validators }) =>
      validators.length === 0
        ? target
        : `${target} if ${validators.map(({ name }) => name).join(' and ')} pass`,
    )
    .join(', else ')

function failureSentences({ failure }: Policy): readonly string[] {
  const { fallback, overflow } = failure
  return [
    ...(fallback.on ? ["When a target fails, another vendor's model is asked."] : []),
    ...overflow.map(({ target, to }) => `When ${target} is busy, ${to} takes the rest.`),
  ]
}

function otherSentences(policy: Policy): readonly string[] {
  const { compress, batch, outputCaps, privacy } = policy
  return [
    ...compress.map((step) => `Prompts are shortened by ${step.with.kind} (${step.name}).`),
    ...batch.map(({ name }) => `Batch ${name}: such requests wait for the batch service.`),
    ...outputCaps.map(({ name, maxTokens }) => `Output cap ${name}: ${maxTokens} tokens.`),
    ...(privacy.redact ? ['Personal patterns are redacted in what is stored.'] : []),
  ]
}
