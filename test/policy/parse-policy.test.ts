import { describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { defaultRules } from '../../src/policy/default-rules.ts'
import { policyOf, policyText, problemsOf, warningsOf } from './support.ts'

const knownModel = (name: string) =>
  name === 'openai:gpt-4o-mimi'
    ? { known: false, nearest: 'openai:gpt-4o-mini' }
    : { known: name.startsWith('openai:') || name.startsWith('anthropic:') }

describe('a right file', () => {
  test('an empty one, and one of comments, is the default', () => {
    for (const text of ['', '# nothing\n', '{}']) expect(policyOf(text)).toEqual(defaultPolicy)
  })

  test('the default: a day of exact cache, never-cache rules, nothing routed', () => {
    const { cache, routes, coalesce, sticky, prefix } = defaultPolicy
    expect(cache.exact).toMatchObject({ on: true, ttlSeconds: 86_400, maxEntries: null })
    expect(cache.semantic).toMatchObject({
      on: false,
      threshold: 0.92,
      embedder: 'static',
      insert: 'on-miss',
      maxMessages: 2,
      refreshOnHit: false,
      guards: ['numbers', 'names', 'negation', 'order'],
    })
    expect(cache.namespace).toEqual({ kind: 'log' })
    expect(cache.rules.map(({ name }) => name)).toEqual(['user-data', 'live'])
    expect({ routes, coalesce, sticky, mode: prefix.mode }).toEqual({
      routes: [],
      coalesce: true,
      sticky: 'none',
      mode: 'as-logged',
    })
  })

  test('durations, money and shares become numbers in their units', () => {
    const policy = policyOf(policyText('code-review.yaml'))
    expect(policy.planPricesNanoUsd).toEqual({ free: 0, pro: 49_000_000_000 })
    expect(policy.userLimitNanoUsd).toBe(100_000_000_000)
    expect(policy.selfHosted[0]).toMatchObject({
      gpuHourNanoUsd: 2_500_000_000,
      utilisationShare: 0.35,
      throughput: { kind: 'tokens', outputTokensPerSecond: 900 },
    })
    expect(policy.failure.retries).toMatchObject({ attempts: 1, initialMs: 200, totalMs: 20_000 })
    expect(policy.timeouts.classes.interactive).toMatchObject({
      firstTokenMs: 5000,
      streamMs: null,
    })
    expect(policy.timeouts.classes.interactive.wholeMs).toBe(15_000)
    expect(policy.batch[0]?.maxWaitSeconds).toBe(43_200)
    expect(policy.alerts.rules).toEqual([{ metric: 'hitRate', side: 'below', limit: 0.1 }])
    expect(policy.check.assertions).toEqual([
      {
        name: 'totals.costUsd',
        metric: 'totals.costUsd',
        where: {},
        limit: { kind: 'increase', maxShare: 0.05 },
        level: 'error',
      },
      {
        name: 'layers.exact.hitRate',
        metric: 'layers.exact.hitRate',
        where: {},
        limit: { kind: 'value', operator: '>=', value: 0.2 },
        level: 'warn',
      },
    ])
    expect(policy.cache.semantic.cacheText).toEqual({
      kind: 'template',
      template: '{metadata.filename}\n{metadata.diff}',
    })
  })

  test('names of ladders and validators are looked up', () => {
    const { routes } = policyOf(policyText('support.yaml'))
    const [, short, rest] = routes
    expect(short?.to).toEqual({
      kind: 'ladder',
      ladder: [
        {
          target: 'small',
          timeoutMs: 8000,
          validators: [
            expect.objectContaining({
              name: 'adequate',
              test: { kind: 'length', min: 50, max: null },
            }),
            expect.objectContaining({ name: 'sure', mode: 'enforce', maxFalsePassRate: 0.03 }),
          ],
        },
        { target: 'large', timeoutMs: null, validators: [] },
      ],
    })
    expect(rest?.to).toMatchObject({
      kind: 'classifier',
      classifier: 'signals',
      ladders: { simple: [{ target: 'small' }], hard: [{ target: 'large' }] },
    })
  })

  test('one name and a list of one are the same condition', () => {
    const [one] = policyOf(
      'cache: { rules: [{ when: { feature: faq }, exact: off }] }',
    ).cache.rules.slice(-1)
    const [list] = policyOf(
      'cache: { rules: [{ when: { feature: [faq] }, exact: off }] }',
    ).cache.rules.slice(-1)
    expect(one).toEqual({ name: 'rule 1', when: { feature: ['faq'] }, exact: false })
    expect(list).toEqual(one)
  })
})

describe('layers', () => {
  test('a semantic section is on, a word switches, `on` decides', () => {
    const on = (text: string) => policyOf(`cache: { semantic: ${text} }`).cache.semantic.on
    expect(on('{ threshold: 0.9 }')).toBe(true)
    expect(on('on')).toBe(true)
    expect(on('true')).toBe(true)
    expect(on('off')).toBe(false)
    expect(on('{ on: false, threshold: 0.9 }')).toBe(false)
  })

  test('a preset is a start for the keys beside it', () => {
    const base = policyOf('cache: { preset: knowledge-base }').cache
    expect(base.semantic).toMatchObject({ on: true, threshold: 0.94, ttlSeconds: 30 * 86_400 })
    expect(base.exact.ttlSeconds).toBe(30 * 86_400)
    const own = policyOf('cache: { preset: knowledge-base, semantic: { threshold: 0.9 } }').cache
    expect(own.semantic).toMatchObject({ on: true, threshold: 0.9, ttlSeconds: 30 * 86_400 })
    expect(policyOf('cache: { preset: strict }').cache.semantic.on).toBe(false)
    expect(policyOf('cache: { preset: product, semantic: off }').cache.semantic.on).toBe(false)
  })

  test('the default rules come first, give way to their name, and can be dropped', () => {
    const names = (text: string) => policyOf(text).cache.rules.map(({ name }) => name)
    expect(names('cache: { rules: [{ name: mine }] }')).toEqual(['user-data', 'live', 'mine'])
    expect(names('cache: { rules: [{ name: mine }, { name: live, ttl: 5m }] }')).toEqual([
      'user-data',
      'mine',
      'live',
    ])
    expect(names('cache: { defaultRules: false, rules: [{ name: mine }] }')).toEqual(['mine'])
  })
})

test.each([
  ['user-data', "what's the status of my order?", true],
  ['user-data', 'Show me my last invoice', true],
  ['user-data', 'why was my account closed', true],
  ['user-data', 'how are invoices numbered?', false],
  ['user-data', 'the army ordered boots', false],
  ['live', 'What is the latest version?', true],
  ['live', 'is the office open right now', true],
  ['live', 'what will the weather be this weekend', true],
  ['live', 'I know the answer', false],
  ['live', 'how do I deliver parcels abroad', false],
])('the rule %s on "%s": %s', (name, question, holds) => {
  const rule = defaultRules.find((each) => each.name === name)
  const patterns = rule?.when.patterns ?? []
  expect(patterns.some((pattern) => new RegExp(pattern, 'iu').test(question))).toBe(holds)
})

describe('a wrong file', () => {
  test('has every problem reported with its line, path, value and hint', async () => {
    const problems = problemsOf(policyText('wrong.yaml'), { knownModel })
    await expect(`${problems.join('\n')}\n`).toMatchFileSnapshot('golden/wrong.txt')
    expect(problems).toHaveLength(18)
  })

  test.each([
    [
      'cache: { exact: { ttl: 24 } }',
      '1 cache.exact.ttl: is no duration [24] (add its unit: 24s, 24m, 24h, 24d, 24w)',
    ],
    [
      'cache: { exact: { ttl: forever } }',
      '1 cache.exact.ttl: is no duration ["forever"] (write it as "30s", "24h" or "30d")',
    ],
    [
      'cache: { semantic: { threshold: 92% } }',
      '1 cache.semantic.threshold: is no similarity ["92%"] (a cosine, not a percentage: did you mean 0.92?)',
    ],
    [
      'cache: { semantic: { threshold: 1.2 } }',
      '1 cache.semantic.threshold: is no similarity [1.2] (a cosine from -1 to 1, e.g. 0.92)',
    ],
    [
      'cache: { semantic: { threshold: -1.5 } }',
      '1 cache.semantic.threshold: is no similarity [-1.5] (a cosine from -1 to 1, e.g. 0.92)',
    ],
    [
      'serve: { auditShare: 25 }',
      '1 serve.auditShare: is no share from 0 to 1 [25] (did you mean "25%" (0.25)?)',
    ],
    [
      'cache: { namespace: [tennant] }',
      '1 cache.namespace[0]: should be tenant, user, key, team, feature, plan, session, documentVersion, promptVersion or tag:NAME ["tennant"] (did you mean "tenant"?)',
    ],
    [
      'prefix: { mode: injekt }',
      '1 prefix.mode: should be as-logged or inject ["injekt"] (did you mean "inject"?)',
    ],
    [
      'timezone: Europe/Berlim',
      '1 timezone: is no time zone ["Europe/Berlim"] (e.g. UTC, Europe/Berlin or America/New_York)',
    ],
    [
      'classifiers: { length: { kind: model } }',
      '1 classifiers.length: has the name of a preset [{"kind":"model"}] (give it another name than length, signals, keywords, three-way)',
    ],
    [
      'routes: [{ default: true, ladder: [small] }]',
      '1 routes[0]: says where to in 2 ways: ladder, default [{"default":true,"ladder":["small"]}] (give it one of ladder, classifier, default, preset)',
    ],
    [
      'routes: [{ when: { words: { above: 5, below: 5 } }, default: true }]',
      '1 routes[0].when.words: is met by no number [{"above":5,"below":5}] (its bounds exclude each other)',
    ],
    [
      "cache: { rules: [{ when: { patterns: '(?i)x' } }] }",
      '1 cache.rules[0].when.patterns: is no regular expression ["(?i)x"] (leave out "(?i)": patterns match in any case anyway)',
    ],
    [
      'validators: { length: { kind: length, min: 5, max: 4 } }',
      '1 validators.length: is met by no answer [{"kind":"length","min":5,"max":4}] (its bounds exclude each other)',
    ],
    [
      'cache: { semantic: { embedder: sttic } }',
      '1 cache.semantic.embedder: names no embedder ["sttic"] (did you mean "static"? embedders: static, lexical, logged, openai:MODEL, local:MODEL)',
    ],
    [
      'classifiers: { near: { kind: knn, embedder: "static:x" } }',
      '1 classifiers.near.embedder: names no embedder ["static:x"] (did you mean "static"? embedders: static, lexical, logged, openai:MODEL, local:MODEL)',
    ],
    [
      'serve: { keys: [{ name: a }] }',
      '1 serve.keys[0]: has no key [null] (write either `env`, the variable that holds the key, or `sha256`, its hash)',
    ],
    [
      `serve: { keys: [{ name: a, env: A_KEY, sha256: ${'0a'.repeat(32)} }] }`,
      '1 serve.keys[0]: has two keys [null] (write either `env`, the variable that holds the key, or `sha256`, its hash)',
    ],
    [
      'serve: { keys: [{ name: a, sha256: lc-the-key-itself }] }',
      '1 serve.keys[0].sha256: should be the SHA-256 of the key: 64 hexadecimal digits in small letters [null] (null)',
    ],
    ['- a list', '1 : should be a mapping [null] (null)'],
  ])('%s', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  test('a condition is checked however deep it lies', () => {
    const text =
      'routes:\n  - default: true\n    when:\n      any:\n        - not:\n            hasTool: true\n'
    expect(problemsOf(text)).toEqual([
      '6 routes[0].when.any[0].not.hasTool: unknown key ["hasTool"] (did you mean "hasTools"?)',
    ])
  })

  test('a key of the gateway is kept in a variable or as a hash', () => {
    const sha256 = '0a'.repeat(32)
    const { serve } = policyOf(
      `serve: { keys: [{ name: a, env: A_KEY }, { name: b, sha256: ${sha256} }] }`,
    )
    expect(serve.keys).toMatchObject([
      { name: 'a', env: 'A_KEY', sha256: null },
      { name: 'b', env: null, sha256 },
    ])
  })

  test('never shows what may be a key', () => {
    const text = 'serve:\n  keys:\n    - { name: a, env: sk-secret-1, key: sk-secret-2 }\n'
    const problems = problemsOf(text)
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain('sk-secret')
  })

  test.each([
    ['a: [', /^1 : is not valid YAML/],
    ['a: 1\na: 2', /^2 : is not valid YAML: Map keys must be unique/],
    ['cache: &a { exact: *a }', /cannot be read/],
    [
      `a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]`,
      /cannot be read/,
    ],
  ])('%s is refused as a whole', (text, problem) => {
    const problems = problemsOf(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(problem)
  })

  test('lines lead to the key, also behind an alias', () => {
    const text = 'cache:\n  exact: &day\n    ttl: 1x\n  semantic: *day\n'
    expect(problemsOf(text).map((each) => each.split(':')[0])).toEqual([
      '3 cache.exact.ttl',
      '3 cache.semantic.ttl',
    ])
    expect(parseDocument(text).errors).toEqual([])
  })
})

describe('models', () => {
  const unknown = (text: string) =>
    problemsOf(text, { knownModel: (name) => ({ known: name === 'openai:gpt-4o' }) }).map(
      (problem) => problem.split(' ')[1],
    )

  test('are looked up wherever a target stands', () => {
    const text = [
      'tiers: { small: a:1, large: openai:gpt-4o }',
      'ladders: { x: [a:2, { target: a:3, validators: [{ kind: judge, target: a:4 }] }] }',
      'classifiers: { c: { kind: model, target: a:5 } }',
      'routes: [{ ladder: x, when: { targets: { target: a:6 }, label: { classifier: c, is: hard } } }]',
      'failure: { fallback: { targets: { a:7: [a:8, openai:gpt-4o] } }, overflow: [{ target: a:9, to: small }] }',
    ].join('\n')
    expect(unknown(text)).toEqual([
      'tiers.small:',
      'ladders.x[0]:',
      'ladders.x[1].target:',
      'ladders.x[1].validators[0].target:',
      'classifiers.c.target:',
      'routes[0].when.targets.target:',
      'failure.fallback.targets["a:7"]:',
      'failure.fallback.targets["a:7"][0]:',
      'failure.overflow[0].target:',
    ])
  })

  test('are known when the file prices, hosts or provides them', () => {
    const text = [
      'prices: [{ target: a:1, free: true }, { target: b:*, free: true }]',
      'selfHosted: [{ target: c:1, gpuHour: 2, utilisation: 50%, requestsPerSecond: 3 }]',
      'serve: { providers: [{ name: d, dialect: openai-chat, baseUrl: "http://127.0.0.1:1/v1" }] }',
      'routes: [{ ladder: [a:1, b:2, c:1, d:9, "1", e:1] }]',
    ].join('\n')
    expect(unknown(text)).toEqual(['routes[0].ladder[5]:'])
  })

  test('a time window is no target', () => {
    const text =
      "routes: [{ default: true, when: { time: { from: '22:00', to: '06:00', timezone: UTC } } }]"
    expect(unknown(text)).toEqual([])
  })
})

describe('warnings', () => {
  test.each([
    ['ladders: { a: [small] }', 'ladders.a: is used by nothing'],
    [
      'routes: [{ default: true }, { ladder: [small] }]',
      'routes[1]: is never reached: routes[0] holds for every request',
    ],
    ['speculative: on', 'speculative: does nothing: no ladder has two rungs'],
    [
      'routes: [{ when: { operation: [embedding, completion] }, ladder: [small] }]',
      'routes[0].when.operation: never holds: only chats are routed',
    ],
    [
      'cache: { semantic: on }',
      'cache.namespace: is log, which is not enough for serve: users may get answers made for others; write shared, or fields such as user',
    ],
    [
      'cache: { semantic: on, namespace: log }',
      'cache.namespace: is log, which is not enough for serve: users may get answers made for others; write shared, or fields such as user',
    ],
    [
      'budgets: [{ scope: all, window: day, limit: $1, mode: hard, action: alert }]',
      'budgets[0]: is hard, and spend passes its limit all the same: alert refuses nothing; action block keeps to it',
    ],
    [
      'budgets: [{ scope: all, window: day, limit: $1, mode: soft, action: downgrade }]',
      'budgets[0]: changes nothing: downgrade asks the first rung, and no route has a ladder',
    ],
    [
      'budgets: [{ scope: all, window: day, limit: $1, mode: hard, action: downgrade }]\nroutes: [{ preset: cascade }]',
      'budgets[0]: is hard, and spend passes its limit all the same: downgrade asks the first rung, or the model without a route; action block keeps to it',
    ],
  ])('%s', (text, warning) => {
    expect(warningsOf(text)).toEqual([warning])
  })

  test.each([
    'cache: { semantic: on, namespace: shared }',
    'cache: { semantic: on, namespace: [tenant, user] }',
    'speculative: on\nroutes: [{ preset: cascade }]',
    'cache: { semantic: { embedder: "local:models/a:b" }, namespace: shared }',
    'budgets: [{ scope: all, window: day, limit: $1, mode: hard, action: block }, { scope: user, window: day, limit: $1, mode: soft, action: alert }]',
  ])('none for %s', (text) => {
    expect(warningsOf(text)).toEqual([])
  })
})

test('a cost may be let rise to more than twice the baseline', () => {
  const { check } = policyOf('check: { assertions: [{ metric: cost, maxIncrease: 150% }] }')
  expect(check.assertions[0]?.limit).toEqual({ kind: 'increase', maxShare: 1.5 })
  expect(problemsOf('check: { assertions: [{ metric: cost, maxIncrease: -5% }] }')).toEqual([
    '1 check.assertions[0].maxIncrease: is no increase ["-5%"] (write it as "25%" or 0.25)',
  ])
})
