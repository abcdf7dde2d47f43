import { expect, test } from 'vitest'
import { mayBeOnDisk } from '../../src/cli/serve-cache.ts'
import { parsePolicy } from '../../src/policy/parse-policy.ts'

function mayBe(text: string, key: string | null = null): boolean {
  const parsed = parsePolicy(text)
  if (!('policy' in parsed)) throw new Error(text)
  return mayBeOnDisk(parsed.policy, key)
}

test('answers are on disk where the texts of logs may be', () => {
  expect(mayBe('')).toBe(true)
  for (const content of ['hash', 'none'])
    expect(mayBe(`privacy: { content: ${content} }`)).toBe(false)
  expect(mayBe('cache: { storage: memory }')).toBe(false)
  expect(mayBe('privacy: { redact: true }')).toBe(false)
  expect(mayBe('privacy: { redact: true }\ncache: { storage: disk }')).toBe(true)
})

test('a key of its own wins over what holds for all', () => {
  const policy = 'privacy: { content: full, contentByKey: { legal: none } }'
  expect([mayBe(policy, 'legal'), mayBe(policy, 'web')]).toEqual([false, true])
})
