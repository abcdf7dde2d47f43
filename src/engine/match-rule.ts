import type { Request } from '../domain/request.ts'
import { nameMatcher } from '../policy/name-matcher.ts'
import type { NumberRange, TargetCondition, When } from '../policy/when.ts'
import { anyPattern, keywordPattern, pathMatcher } from './name-patterns.ts'
import type { RequestFacts, TargetState } from './request-facts.ts'
import { timeMatcher } from './time-window.ts'

/** Whether a condition holds for a request. */
export type Matcher = (facts: RequestFacts) => boolean

/**
 * A condition made ready: patterns are compiled once, and what costs least is looked at first. Every
 * key must hold; a key about something that the request does not say does not hold, and `not` holds
 * wherever its condition does not.
 */
export function compileWhen(when: When): Matcher {
  const matchers = [
    ...plainMatchers(when),
    ...timeMatchers(when),
    ...textMatchers(when),
    ...worldMatchers(when),
    ...combined(when),
    ...labelMatchers(when),
  ]
  const [first, second] = matchers
  if (first === undefined) return () => true
  if (second === undefined) return first
  return (facts) => matchers.every((matches) => matches(facts))
}

/** The same for a single use; rules that are asked often are compiled. */
export const matchRule = (when: When, facts: RequestFacts): boolean => compileWhen(when)(facts)

/** Names of a request's fields, by the key of the condition. */
const nameFields = {
  provider: (request) => request.provider,
  model: (request) => request.requestedModel ?? request.model,
  feature: (request) => request.feature,
  task: (request) => request.task,
  plan: (request) => request.plan,
  user: (request) => request.user,
  team: (request) => request.team,
  key: (request) => request.key,
  tenant: (request) => request.namespace,
  agentRole: (request) => request.agentRole,
  promptVersion: (request) => request.promptVersion,
  documentVersion: (request) => request.documentVersion,
  operation: (request) => request.operation,
} as const satisfies Partial<Record<keyof When, (request: Request) => string | undefined>>

/** What can be read off the request as it is. */
function plainMatchers(when: When): readonly Matcher[] {
  const matchers: Matcher[] = []
  for (const key of Object.keys(nameFields) as (keyof typeof nameFields)[]) {
    const names = when[key]
    if (names === undefined) continue
    const [fits, field] = [nameMatcher(names), nameFields[key]]
    matchers.push(({ request }) => holds(field(request), fits))
  }
  for (const [tag, names] of Object.entries(when.tags ?? {})) {
    const fits = nameMatcher(names)
    matchers.push(({ request }) => holds(request.tags?.get(tag), fits))
  }
  const { hasSession, streamed, requiresReasoning, hint, diffLines, paths } = when
  add(
    matchers,
    hasSession,
    (wanted) =>
      ({ request }) =>
        (request.session !== undefined) === wanted,
  )
  add(
    matchers,
    streamed,
    (wanted) =>
      ({ request }) =>
        request.streamed === wanted,
  )
  add(
    matchers,
    requiresReasoning,
    (wanted) =>
      ({ request }) =>
        request.requiresReasoning === wanted,
  )
  add(matchers, hint, (wanted) => (facts) => holds(facts.hint, (word) => wanted.includes(word)))
  add(
    matchers,
    diffLines,
    (range) =>
      ({ request }) =>
        within(request.diffLines, range),
  )
  add(matchers, paths, (wanted) => {
    const fits = pathMatcher(wanted)
    return ({ request }) => request.paths?.some(fits) === true
  })
  return matchers
}

function timeMatchers({ time, timeoutClass }: When): readonly Matcher[] {
  const matchers: Matcher[] = []
  add(matchers, time, (condition) => {
    const fits = timeMatcher(condition)
    return (facts) => holds(facts.at, fits)
  })
  add(
    matchers,
    timeoutClass,
    (wanted) => (facts) => holds(facts.timeoutClass, (name) => wanted.includes(name)),
  )
  return matchers
}

/** What must be found in the prompt, its length first, tokens last. */
function textMatchers(when: When): readonly Matcher[] {
  const matchers: Matcher[] = []
  add(matchers, when.hasTools, (wanted) => (facts) => facts.hasTools === wanted)
  add(matchers, when.characters, (range) => (facts) => within(facts.characters, range))
  add(matchers, when.hasImages, (wanted) => (facts) => facts.hasImages === wanted)
  add(matchers, when.words, (range) => (facts) => within(facts.words, range))
  add(matchers, when.keywords, (words) => {
    const pattern = keywordPattern(words)
    return (facts) => holds(facts.text, (text) => pattern.test(text))
  })
  add(matchers, when.hasCode, (wanted) => (facts) => facts.hasCode === wanted)
  add(matchers, when.patterns, (sources) => {
    const matches = anyPattern(sources)
    return (facts) => holds(facts.text, matches)
  })
  add(matchers, when.systemPatterns, (sources) => {
    const matches = anyPattern(sources)
    return (facts) => holds(facts.system, matches)
  })
  add(matchers, when.inputTokens, (range) => (facts) => within(facts.inputTokens, range))
  add(matchers, when.contextTokens, (range) => (facts) => within(facts.contextTokens, range))
  return matchers
}

function combined({ any, not }: When): readonly Matcher[] {
  const matchers: Matcher[] = []
  add(matchers, any, (conditions) => {
    const each = conditions.map(compileWhen)
    return (facts) => each.some((matches) => matches(facts))
  })
  add(matchers, not, (condition) => {
    const matches = compileWhen(condition)
    return (facts) => !matches(facts)
  })
  return matchers
}

/** What others must be asked for: about other requests, and about targets. */
function worldMatchers({ burstPerMinute, targets }: When): readonly Matcher[] {
  const matchers: Matcher[] = []
  add(matchers, burstPerMinute, (range) => (facts) => within(facts.burstPerMinute, range))
  for (const condition of targets ?? []) {
    matchers.push((facts) =>
      holds(facts.target(condition.target), (state) => targetFits(state, condition)),
    )
  }
  return matchers
}

/** A classifier comes last: it may be a model that has to be asked. */
function labelMatchers({ label }: When): readonly Matcher[] {
  if (label === undefined) return []
  const { classifier, is } = label
  return [(facts) => holds(facts.label(classifier), (found) => is.includes(found))]
}

function targetFits(state: TargetState, condition: TargetCondition): boolean {
  const { breaker, p95LatencyMs, inputUsdPerMillion, outputUsdPerMillion } = condition
  return (
    (breaker === undefined || breaker.includes(state.breaker)) &&
    (p95LatencyMs === undefined || within(state.p95LatencyMs, p95LatencyMs)) &&
    (inputUsdPerMillion === undefined || within(state.inputUsdPerMillion, inputUsdPerMillion)) &&
    (outputUsdPerMillion === undefined || within(state.outputUsdPerMillion, outputUsdPerMillion))
  )
}

/** A condition that is not given adds nothing. */
function add<T>(
  matchers: Matcher[],
  condition: T | undefined,
  compile: (condition: T) => Matcher,
): void {
  if (condition !== undefined) matchers.push(compile(condition))
}

const holds = <T>(value: T | undefined, fits: (value: T) => boolean): boolean =>
  value !== undefined && fits(value)

function within(value: number | null | undefined, range: NumberRange): boolean {
  if (value === null || value === undefined) return false
  const { above, atLeast, below, atMost } = range
  return (
    (above === undefined || value > above) &&
    (atLeast === undefined || value >= atLeast) &&
    (below === undefined || value < below) &&
    (atMost === undefined || value <= atMost)
  )
}
