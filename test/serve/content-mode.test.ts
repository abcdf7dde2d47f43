import { expect, test } from 'vitest'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import type { ContentMode } from '../../src/policy/governance.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { contentModeOf } from '../../src/serve/content-mode.ts'

test.each<[string, ContentMode | 'auto', string | null, ContentMode]>([
  ['127.0.0.1', 'auto', null, 'full'],
  ['0.0.0.0', 'auto', null, 'hash'],
  ['127.0.0.1', 'none', 'other', 'none'],
  ['127.0.0.1', 'auto', 'legal', 'none'],
  ['0.0.0.0', 'hash', 'debug', 'full'],
  ['0.0.0.0', 'auto', 'constructor', 'hash'],
])('at %s with content %s the key %s has %s of its texts kept', (host, content, key, mode) => {
  const contentByKey = { legal: 'none', debug: 'full' } as const
  const policy = mergePolicy(defaultPolicy, { serve: { host }, privacy: { content, contentByKey } })
  expect(contentModeOf(policy, key)).toBe(mode)
})
