import { describe, expect, it } from 'vitest'
import { compileKeyIgnore, coveredIgnores } from '../../src/engine/key-ignore.ts'
import type { CachePolicy, KeyIgnore, Namespace } from '../../src/policy/caching.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'

const ignore = (rest: Partial<KeyIgnore>): KeyIgnore => ({
  field: 'system',
  pattern: 'Today is [^.]*\\.',
  coveredBy: 'documentVersion',
  ...rest,
})
const said = (content: string, role = 'user') => ({ role, content })

describe('what does not count for a key', () => {
  it('is dropped wherever the pattern matches, in any case, and nowhere else', () => {
    const drop = compileKeyIgnore([ignore({})])
    const text = 'TODAY is Monday. Be kind. Today is Tuesday.'
    const messages = [said(text, 'system'), said(text)]
    expect(drop({ system: text, tools: [text], messages })).toEqual({
      system: ' Be kind. ',
      tools: [text],
      messages: [said(' Be kind. ', 'system'), said(text)],
    })
  })

  it('is dropped from the texts of a list of parts', () => {
    const drop = compileKeyIgnore([ignore({ field: 'messages', pattern: '<doc>.*</doc>' })])
    const image = { type: 'image_url', image_url: '<doc>x</doc>' }
    const text = { type: 'text', text: '<doc>x</doc>What is it?' }
    expect(drop({ messages: [{ role: 'user', content: [image, text] }] })).toEqual({
      messages: [{ role: 'user', content: [image, { type: 'text', text: 'What is it?' }] }],
    })
  })

  it('is only what every namespace in force tells apart', () => {
    const covered = (coveredBy: KeyIgnore['coveredBy'], ...namespaces: Namespace[]) => {
      const [namespace = { kind: 'shared' }, ...others] = namespaces
      const rules = others.map((each) => ({ name: 'rule', when: {}, namespace: each }))
      const keyIgnore = [ignore({ coveredBy })]
      const cache: CachePolicy = { ...defaultPolicy.cache, namespace, rules, keyIgnore }
      return coveredIgnores(cache).length === 1
    }
    const user: Namespace = { kind: 'fields', fields: ['feature', 'user'] }
    expect(covered('user', user)).toBe(true)
    expect(covered('user', user, user)).toBe(true)
    expect(covered('user', user, { kind: 'shared' })).toBe(false)
    expect(covered('user', { kind: 'log' })).toBe(false)
    expect(covered('tenant', { kind: 'log' })).toBe(true)
    expect(covered('documentVersion', { kind: 'shared' })).toBe(true)
  })
})
