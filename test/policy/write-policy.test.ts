import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { policyFingerprint } from '../../src/policy/policy-fingerprint.ts'
import { writePolicy } from '../../src/policy/write-policy.ts'
import { arbitraryPolicy } from './arbitrary-policy.ts'
import { policyOf, policyText } from './support.ts'

describe('what is written', () => {
  test('reads as the same policy, whatever it says', () => {
    fc.assert(
      fc.property(arbitraryPolicy, (policy) => {
        const read = policyOf(writePolicy(policy))
        expect(read).toEqual(policy)
        expect(policyFingerprint(read)).toBe(policyFingerprint(policy))
      }),
      { numRuns: 60 },
    )
  })

  test.each(['support.yaml', 'code-review.yaml'])('%s, read and written, is the same', (name) => {
    const policy = policyOf(policyText(name))
    expect(policyOf(writePolicy(policy))).toEqual(policy)
  })

  test('names its schema in the first line, and the namespace with its risk', () => {
    const [first, ...rest] = writePolicy(defaultPolicy).split('\n')
    expect(first).toBe(
      '# yaml-language-server: $schema=node_modules/llmcost/src/report/schema/policy.schema.json',
    )
    expect(rest.join('\n')).toMatch(/ {2}# [\s\S]*`shared`[\s\S]*\n {2}namespace: log\n/)
  })

  test('leaves out what is so by default', () => {
    const policy = mergePolicy(defaultPolicy, {
      cache: { semantic: { on: true, threshold: 0.9 }, namespace: { kind: 'shared' } },
    })
    const body = writePolicy(policy)
      .replace(/^ *#.*\n/gm, '')
      .trim()
    expect(body).toBe('cache:\n  namespace: shared\n  semantic:\n    threshold: 0.9')
  })

  test('carries notes, and an offer that is commented out', () => {
    const text = writePolicy(defaultPolicy, {
      head: ['From a log.'],
      notes: [{ path: ['cache'], text: 'two\nlines' }],
      offered: 'budgets:\n  - { scope: user, window: day, limit: $5 }',
    })
    expect(text.split('\n')[1]).toBe('# From a log.')
    expect(text).toContain('# two\n# lines\ncache:')
    expect(text).toContain('# budgets:\n#   - { scope: user, window: day, limit: $5 }\n')
    expect(policyOf(text)).toEqual(defaultPolicy)
  })
})

describe('the fingerprint', () => {
  test('is the same for any order of keys, comments, and defaults written out', () => {
    const one = policyOf('coalesce: off\ncache: { semantic: { threshold: 0.9, insert: always } }')
    const other = policyOf(
      '# a comment\ncache:\n  semantic: { insert: always, threshold: 0.90, ttl: 24h }\ncoalesce: false # yes',
    )
    expect(policyFingerprint(one)).toBe(policyFingerprint(other))
    expect(policyFingerprint(one)).toMatch(/^[0-9a-f]{16}$/)
  })

  test('differs wherever the policy does', () => {
    const texts = [
      '',
      'coalesce: off',
      'cache: { exact: off }',
      'cache: { exact: { ttl: 23h } }',
      'sticky: trace',
      'cache: { defaultRules: false }',
    ]
    expect(new Set(texts.map((text) => policyFingerprint(policyOf(text)))).size).toBe(texts.length)
  })
})

test('fixtures are YAML that other tools read alike', () => {
  for (const name of ['support.yaml', 'code-review.yaml'])
    expect(parseDocument(policyText(name), { version: '1.1' }).errors).toEqual([])
})
