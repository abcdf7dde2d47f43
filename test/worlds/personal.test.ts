import { describe, expect, it } from 'vitest'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { personalIn } from '../../src/worlds/personal.ts'

const redacting = mergePolicy(defaultPolicy, {
  privacy: { redact: true },
  cache: { namespace: { kind: 'shared' } },
})

describe('what is of one person alone', () => {
  it('is told only where texts are redacted and requests may share answers', () => {
    const said = 'Write to ann@example.org'
    const perUser = { kind: 'fields', fields: ['tenant', 'user'] } as const
    const own = mergePolicy(redacting, { cache: { namespace: perUser } })
    const rule = { name: 'open', when: {}, namespace: { kind: 'shared' } } as const
    const opened = mergePolicy(own, { cache: { rules: [rule] } })
    expect(personalIn(mergePolicy(own, { privacy: { redact: false } }))).toBeNull()
    const ann = { user: 'ann' }
    expect(personalIn(redacting)?.(said, ann)).toBe(true)
    expect(personalIn(own)?.(said, ann)).toBe(false)
    expect(personalIn(own)?.(said, {})).toBe(true)
    expect(personalIn(own)?.(said, { user: '' })).toBe(true)
    expect(personalIn(opened)?.(said, ann)).toBe(true)
  })

  it.each([
    ['in a text', 'Write to ann@example.org', true],
    ['at the start of a line', { messages: [{ content: 'Call:\n+49 30 901820' }] }, true],
    ['in a part of a message', { messages: [{ content: [{ text: 'ann@example.org' }] }] }, true],
    ['nowhere', { system: 'Be brief.', messages: [{ content: 'Hello', rest: undefined }] }, false],
    ['nowhere in numbers', { maxTokens: 4_111_111_111, tools: null, on: true }, false],
  ] as const)('is found %s', (_, value, found) => {
    expect(personalIn(redacting)?.(value as never, {})).toBe(found)
  })
})
