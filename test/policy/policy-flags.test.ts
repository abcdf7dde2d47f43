import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/domain/user-error.ts'
import { defaultPolicy, passThroughPolicy } from '../../src/policy/default-policy.ts'
import { describePolicy } from '../../src/policy/describe-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { layerPolicy, type PolicyFlags } from '../../src/policy/policy-flags.ts'
import { policyPresetNames, presetPatch } from '../../src/policy/policy-presets.ts'
import { didYouMean } from '../../src/prices/did-you-mean.ts'
import { policyOf, policyText } from './support.ts'

const withFlags = (flags: PolicyFlags) => layerPolicy({ flags, nearest: didYouMean })

describe('flags', () => {
  test('none change nothing', () => {
    expect(withFlags({})).toEqual(defaultPolicy)
  })

  test('go over the environment, that over the file, that over the defaults', () => {
    const file = policyOf('cache: { semantic: { threshold: 0.9, ttl: 2h, maxMessages: 4 } }')
    const env = { LLMCOST_THRESHOLD: '0.8', LLMCOST_TTL: '3h' }
    const { semantic, exact } = layerPolicy({ file, env, flags: { threshold: '0.7' } }).cache
    expect(semantic).toMatchObject({ threshold: 0.7, ttlSeconds: 10_800, maxMessages: 4 })
    expect(semantic.embedder).toBe('static')
    expect(exact.ttlSeconds).toBe(10_800)
  })

  test('say each part of the policy', () => {
    const policy = withFlags({
      threshold: '.85',
      namespace: 'tenant,tag:area',
      embedder: 'openai:text-embedding-3-small',
      insert: 'always',
      guards: 'numbers,order',
      maxMessages: '6',
      maxEntries: '1000',
      sticky: 'session',
      route: 'cascade',
      exact: false,
      coalesce: false,
      defaultRules: false,
    })
    expect(policy.cache).toMatchObject({
      exact: { on: false, maxEntries: 1000 },
      semantic: {
        on: true,
        threshold: 0.85,
        embedder: 'openai:text-embedding-3-small',
        insert: 'always',
        guards: ['numbers', 'order'],
        maxMessages: 6,
        maxEntries: 1000,
      },
      namespace: { kind: 'fields', fields: ['tenant', 'tag:area'] },
      rules: [],
    })
    expect(policy).toMatchObject({
      sticky: 'session',
      coalesce: false,
      routes: [{ name: 'cascade' }],
    })
  })

  test.each([
    [{ guards: 'none' }, (p: typeof defaultPolicy) => p.cache.semantic.guards, []],
    [{ guards: 'names' }, (p: typeof defaultPolicy) => p.cache.semantic.guards, ['names']],
    [{ namespace: 'shared' }, (p: typeof defaultPolicy) => p.cache.namespace, { kind: 'shared' }],
    [{ ttl: 'off' }, (p: typeof defaultPolicy) => p.cache.semantic.ttlSeconds, null],
    [{ sticky: 'none' }, (p: typeof defaultPolicy) => p.sticky, 'none'],
    [{ threshold: '.9', semantic: false }, (p: typeof defaultPolicy) => p.cache.semantic.on, false],
    [
      { preset: 'factual', threshold: '0.95' },
      (p: typeof defaultPolicy) => p.cache.semantic.threshold,
      0.95,
    ],
  ])('%j', (flags, part, expected) => {
    expect(part(withFlags(flags as PolicyFlags))).toEqual(expected)
  })

  test('that are not given, which the command line knows as true, leave the file as it is', () => {
    const file = policyOf('coalesce: off\ncache: { exact: off, defaultRules: false }')
    const flags = { exact: true, semantic: true, coalesce: true, defaultRules: true }
    expect(layerPolicy({ file, flags })).toEqual(file)
    expect(layerPolicy({ file, env: { LLMCOST_EXACT: 'on' } }).cache.exact.on).toBe(true)
  })

  test('keep the rules of a file when the default ones go', () => {
    const file = policyOf('cache: { rules: [{ name: mine, exact: off }] }')
    const { rules } = layerPolicy({ file, flags: { defaultRules: false } }).cache
    expect(rules.map(({ name }) => name)).toEqual(['mine'])
  })

  test.each([
    [{ threshold: '92' }, '--threshold 92 is no similarity', 'did you mean 0.92?'],
    [{ insert: 'allways' }, '--insert allways should be on-miss, always', 'did you mean "always"?'],
    [{ maxMessages: 'two' }, '--max-messages two should be a', undefined],
    [{ namespace: 'tennant' }, '--namespace tennant should be', undefined],
    [{ route: 'cascde' }, '--route cascde should be', 'did you mean "cascade"?'],
  ])('%j is the user’s mistake', (flags, message, hint) => {
    const attempt = () => withFlags(flags)
    expect(attempt).toThrow(UserError)
    try {
      attempt()
    } catch (error) {
      expect((error as UserError).message).toContain(message)
      if (hint !== undefined) expect((error as UserError).hint).toContain(hint)
    }
  })

  test('the environment is named after the flag', () => {
    const attempt = () => layerPolicy({ env: { LLMCOST_MAX_MESSAGES: 'x' } })
    expect(attempt).toThrow('LLMCOST_MAX_MESSAGES x should be')
  })
})

test.each(policyPresetNames)('the preset %s means the same in a file and as a patch', (name) => {
  const patched = mergePolicy(defaultPolicy, presetPatch(name))
  expect(policyOf(`cache: { preset: ${name} }`)).toEqual(patched)
})

test('a pass-through has everything off', () => {
  const { cache, coalesce, routes } = passThroughPolicy
  expect([cache.exact.on, cache.semantic.on, coalesce, routes.length]).toEqual([
    false,
    false,
    false,
    0,
  ])
})

test.each(['support.yaml', 'code-review.yaml'])('%s in sentences', async (name) => {
  const sentences = describePolicy(policyOf(policyText(name)))
  await expect(`${sentences.join('\n')}\n`).toMatchFileSnapshot(`golden/${name}.txt`)
})
