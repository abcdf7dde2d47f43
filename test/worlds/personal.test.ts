import { describe, expect, it } from 'vitest'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { personalIn } from '../../src/worlds/personal.ts'

const redacting = mergePolicy(defaultPolicy, {
  privacy: { redact: true },
  cache: { namespace: { kind: 'shared' } },
})

describe('what is of one person alone', () => {
  it('is asked only where texts are redacted and users share answers', () => {
    expect(personalIn(redacting)).not.toBeNull()
    expect(personalIn(mergePolicy(redacting, { privacy: { redact: false } }))).toBeNull()
    const byUser = { cache: { namespace: { kind: 'fields', fields: ['tenant', 'user'] } } } as const
    expect(personalIn(mergePolicy(redacting, byUser))).toBeNull()
  })

  it.each([
    ['in a text', 'Write to ann@example.org', true],
    ['at the start of a line', { messages: [{ content: 'Call:\n+49 30 901820' }] }, true],
    ['in a part of a message', { messages: [{ content: [{ text: 'ann@example.org' }] }] }, true],
    ['nowhere', { system: 'Be brief.', messages: [{ content: 'Hello', rest: undefined }] }, false],
    ['nowhere in numbers', { maxTokens: 4_111_111_111, tools: null, on: true }, false],
  ] as const)('is found %s', (_, value, found) => {
    expect(personalIn(redacting)?.(value as never)).toBe(found)
  })
})
