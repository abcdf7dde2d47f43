import { expect, test } from 'vitest'
import { parsePolicy } from '../../src/policy/parse-policy.ts'
import { nameTiers } from '../../src/worlds/named-tiers.ts'

const tiers = { small: 'openai:gpt-4o-mini', medium: 'openai:gpt-4o', large: 'openai:gpt-4.1' }

/** Names tiers wherever a target may stand; a day's time, a name and a text are none. */
const everywhere = `
classifiers:
  asked: { kind: model }
  small: { kind: model, target: large }
routes:
  - name: small
    when: { any: [{ not: { targets: [{ target: medium, breaker: open }] } }] }
    ladder:
      - { target: small, validators: [{ kind: self-check }, { kind: judge, target: large, prompt: medium }] }
      - large
  - { name: learned, classifier: small }
failure:
  overflow: [{ target: small, maxInFlight: 3, to: medium }]
  fallback: { targets: { small: [medium], large: gpt-4.1-mini } }
cache:
  namespace: shared
  rules: [{ when: { targets: { target: small, breaker: open } }, exact: false }]
budgets: [{ scope: all, window: day, limit: $1, when: { targets: { target: large, breaker: open } } }]
serve: { audit: { routeShare: 0.1, judge: large } }
`

test('a model stands in the place of every tier', () => {
  const parsed = parsePolicy(everywhere)
  if (!('policy' in parsed)) return expect.fail(JSON.stringify(parsed))
  const { routes, classifiers, failure, cache, budgets, serve } = nameTiers(parsed.policy, tiers)
  const places = { routes, classifiers, failure, cache, budgets, judge: serve.audit.judge }
  const text = JSON.stringify(places)
  for (const tier of ['small', 'medium', 'large'])
    expect(text.match(new RegExp(`"(?:target|to)":"${tier}"`))).toBeNull()
  expect(classifiers).toMatchObject({
    asked: { target: tiers.small },
    small: { target: tiers.large },
  })
  expect(routes[0]?.name).toBe('small')
  expect(routes[0]?.to).toMatchObject({
    ladder: [
      {
        target: tiers.small,
        validators: [
          { test: { kind: 'self-check', target: tiers.small } },
          { test: { kind: 'judge', target: tiers.large, prompt: 'medium' } },
        ],
      },
      { target: tiers.large },
    ],
  })
  expect(routes[1]?.to).toMatchObject({
    classifier: 'small',
    ladders: { hard: [{ target: tiers.large }] },
  })
  expect(failure.overflow).toMatchObject([{ target: tiers.small, to: tiers.medium }])
  expect(failure.fallback.targets).toEqual({
    [tiers.small]: [tiers.medium],
    [tiers.large]: ['gpt-4.1-mini'],
  })
  expect(serve.audit.judge).toBe(tiers.large)
})
