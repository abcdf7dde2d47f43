import fc from 'fast-check'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { CacheRule, CacheText, Namespace } from '../../src/policy/caching.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { defaultRules } from '../../src/policy/default-rules.ts'
import type { Budget } from '../../src/policy/governance.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { presetRoute } from '../../src/policy/route-presets.ts'
import type {
  Ladder,
  Route,
  RouteChoice,
  Validator,
  ValidatorTest,
} from '../../src/policy/routing.ts'
import { routePresetNames } from '../../src/policy/routing.ts'
import type { ServePolicy } from '../../src/policy/serving.ts'
import type { When } from '../../src/policy/when.ts'

/** Text with what YAML and people trip over. */
const text = fc.oneof(
  fc.constantFrom(
    'off',
    'on',
    'null',
    '~',
    '1e3',
    '0x10',
    ' a ',
    "it's",
    '#x',
    'a: b',
    '- a',
    '{',
    'yes',
    '*a',
    '&b',
    'x\ny',
    'é🙏',
    '"q"',
  ),
  fc.string({ minLength: 1, maxLength: 8 }).filter((word) => word.isWellFormed()),
)
const names = fc.array(text, { minLength: 1, maxLength: 3 })
const share = fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000)
const ttlSeconds = fc.option(fc.integer({ min: 0, max: 10_000_000 }), { nil: null })
const timeMs = fc.integer({ min: 1, max: 10_000_000 })
const usd = fc.integer({ min: 0, max: 10 ** 13 }).map((n) => n as NanoUsd)
const pattern = fc.constantFrom('^a+$', '\\bmy\\b', "'", '[#:]', '\\d{4}-\\d\\d')

const range = fc.oneof(
  fc.integer({ min: 0, max: 9999 }).map((above) => ({ above })),
  fc.integer({ min: 0, max: 9999 }).map((below) => ({ below, atLeast: below - 7 })),
)

const simpleFields = {
  characters: range,
  contextTokens: range,
  patterns: fc.array(pattern, { minLength: 1, maxLength: 2 }),
  keywords: names,
  feature: names,
  tags: fc.dictionary(text, names, { maxKeys: 2 }),
  hasTools: fc.boolean(),
  hint: fc.constantFrom(['simple'] as const, ['medium', 'hard'] as const),
  label: fc.constant({ classifier: 'signals', is: ['hard'] as const }),
  time: fc.constant({ days: ['mon'] as const, from: '09:00', timezone: 'UTC' }),
  targets: fc.constant([
    { target: 'small', breaker: ['open'] as const, p95LatencyMs: { above: 9 } },
  ]),
}
const simple = fc.record(simpleFields, { requiredKeys: [] }) as fc.Arbitrary<When>
const when = fc.record(
  { ...simpleFields, any: fc.array(simple, { minLength: 1, maxLength: 2 }), not: simple },
  { requiredKeys: [] },
) as fc.Arbitrary<When>

const namespace: fc.Arbitrary<Namespace> = fc.oneof(
  fc.constantFrom<Namespace>({ kind: 'log' }, { kind: 'shared' }),
  fc
    .uniqueArray(fc.constantFrom('tenant' as const, 'user' as const, 'tag:area' as const), {
      minLength: 1,
    })
    .map((fields) => ({ kind: 'fields' as const, fields })),
)

const cacheText: fc.Arbitrary<CacheText> = fc.oneof(
  fc.constantFrom<CacheText>({ kind: 'last-user' }, { kind: 'conversation' }),
  text.map((template) => ({ kind: 'template' as const, template })),
  pattern.map((each) => ({ kind: 'pattern' as const, pattern: each })),
)

const rule: fc.Arbitrary<CacheRule> = fc.record(
  {
    name: text,
    when,
    exact: fc.boolean(),
    semantic: fc.boolean(),
    threshold: share,
    ttlSeconds,
    namespace,
  },
  { requiredKeys: ['name', 'when'] },
)

/** With the default rules in front, without them, or with one of them alone. */
const rules = fc
  .tuple(
    fc.uniqueArray(rule, { maxLength: 3, selector: ({ name }) => name }),
    fc.constantFrom([...defaultRules], [], defaultRules.slice(1)),
  )
  .map(([own, defaults]) => [...defaults, ...own])

const test: fc.Arbitrary<ValidatorTest> = fc.oneof(
  fc
    .record({
      kind: fc.constant('length' as const),
      min: fc.option(fc.nat()),
      max: fc.option(fc.nat()),
    })
    .filter(({ min, max }) => min === null || max === null || min <= max),
  fc.record({
    kind: fc.constant('hedge' as const),
    phrases: fc.oneof(fc.constant('default' as const), names),
    belowCharacters: fc.option(fc.nat()),
  }),
  fc.record({
    kind: fc.constant('json-schema' as const),
    schema: fc.constant({ type: 'object', required: ['a'] }),
  }),
  fc.record({
    kind: fc.constant('regex' as const),
    pattern,
    must: fc.constantFrom('match' as const, 'not-match' as const),
  }),
  fc.record({ kind: fc.constant('command' as const), command: names, timeoutMs: timeMs }),
  fc.constant({ kind: 'json' as const }),
)
const validator: fc.Arbitrary<Validator> = fc.record({
  name: text,
  mode: fc.constantFrom('shadow', 'enforce'),
  maxFalsePassRate: share,
  test,
})

const ladder: fc.Arbitrary<Ladder> = fc.array(
  fc.record({
    target: fc.oneof(fc.constantFrom('small', 'openai:gpt-4o'), text),
    validators: fc.array(validator, { maxLength: 2 }),
    timeoutMs: fc.option(timeMs),
  }),
  { minLength: 1, maxLength: 3 },
)
const choice: fc.Arbitrary<RouteChoice> = fc.oneof(
  fc.constant<RouteChoice>({ kind: 'default' }),
  ladder.map((each) => ({ kind: 'ladder' as const, ladder: each })),
  fc.record({
    kind: fc.constant('classifier' as const),
    classifier: fc.constantFrom('signals', 'length'),
    ladders: fc.record({ simple: ladder, medium: ladder, hard: ladder }),
  }),
  fc.constantFrom(...routePresetNames).map((name) => presetRoute(name).to),
)
const routes: fc.Arbitrary<readonly Route[]> = fc.uniqueArray(
  fc.record({ name: text, when, to: choice }),
  { maxLength: 3, selector: ({ name }) => name },
)

const budgets: fc.Arbitrary<readonly Budget[]> = fc.uniqueArray(
  fc.record({
    name: text,
    scope: fc.constantFrom('user', 'all'),
    window: fc.constantFrom('day', 'lifetime'),
    limitNanoUsd: usd,
    action: fc.constantFrom('alert', 'block'),
    mode: fc.constantFrom('hard', 'soft'),
    when,
  }) as fc.Arbitrary<Budget>,
  { maxLength: 2, selector: ({ name }) => name },
)

const layer = {
  on: fc.boolean(),
  ttlSeconds,
  refreshOnHit: fc.boolean(),
  maxEntries: fc.option(fc.integer({ min: 1, max: 10 ** 9 })),
  capacityPer: fc.constantFrom('all' as const, 'namespace' as const),
}
const semantic = fc.record({
  ...layer,
  threshold: share,
  embedder: fc.oneof(
    fc.constantFrom('static', 'lexical', 'logged'),
    text.map((model) => `local:${model}`),
  ),
  insert: fc.constantFrom('on-miss' as const, 'always' as const),
  maxMessages: fc.integer({ min: 1, max: 50 }),
  cacheText,
  guards: fc.subarray(['numbers', 'names', 'negation', 'order'] as const),
})

const inside = fc.double({ min: 0.001, max: 0.999, noNaN: true })
const serve: fc.Arbitrary<ServePolicy> = fc
  .record({
    shadow: fc.subarray(['exact'] as const),
    auditShare: share,
    audit: fc.record({
      routeShare: share,
      maxWrongPerHit: inside,
      maxLoss: inside,
      confidence: inside,
      action: fc.constantFrom('tighten' as const, 'disable' as const, 'alert' as const),
      judge: fc.option(text),
      maxInFlight: fc.integer({ min: 1, max: 99 }),
    }),
    canary: fc.option(
      fc.record({
        share,
        by: fc.constantFrom('session' as const, 'user' as const, 'request' as const),
        layers: fc.subarray(['semantic', 'routes'] as const),
        promote: fc.option(
          fc.record({
            minHits: fc.integer({ min: 1, max: 10 ** 6 }),
            maxWrongPerHit: inside,
            confidence: inside,
            auto: fc.boolean(),
          }),
        ),
      }),
    ),
  })
  .map((some) => ({ ...defaultPolicy.serve, ...some }))

/** Any policy that a file can say. */
export const arbitraryPolicy: fc.Arbitrary<Policy> = fc
  .record({
    cache: fc.record({
      exact: fc.record(layer),
      semantic,
      namespace,
      rules,
      keyIgnore: fc.constantFrom(
        [],
        [{ field: 'system' as const, pattern: 'Today', coveredBy: 'documentVersion' as const }],
      ),
      storage: fc.constantFrom('auto' as const, 'memory' as const),
    }),
    coalesce: fc.boolean(),
    prefix: fc.record({
      mode: fc.constantFrom('as-logged' as const, 'inject' as const),
      breakpoints: fc.subarray(['tools', 'system', 'history'] as const),
      ttl: fc.constantFrom('5m' as const, '1h' as const),
      scope: fc.constantFrom('namespace' as const, 'key' as const),
      idealised: fc.boolean(),
      pool: fc.constantFrom(null, { blocks: null }, { blocks: 5 }),
    }),
    tiers: fc.record({ small: fc.option(text), medium: fc.option(text), large: fc.option(text) }),
    routes,
    sticky: fc.constantFrom('none' as const, 'session' as const),
    speculative: fc.oneof(
      fc.constant({ kind: 'off' as const }),
      timeMs.map((withinMs) => ({ kind: 'on' as const, withinMs })),
    ),
    budgets,
    loopGuard: fc.record({
      maxCalls: fc.option(fc.integer({ min: 1, max: 99 })),
      maxNanoUsd: fc.option(usd),
      maxSimilarInRow: fc.constant(null),
      action: fc.constantFrom('alert' as const, 'block' as const),
    }),
    prices: fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 2 }),
    planPricesNanoUsd: fc.dictionary(text, usd, { maxKeys: 2 }),
    userLimitNanoUsd: fc.option(usd),
    evidence: fc.array(text, { maxLength: 2 }),
    serve,
  })
  .map((some) => ({ ...defaultPolicy, ...some }))
