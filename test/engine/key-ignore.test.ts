import { describe, expect, it } from 'vitest'
import type { Request } from '../../src/domain/request.ts'
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
const asked = (rest: Partial<Request> = {}): Request => ({
  model: 'gpt-4o',
  operation: 'chat',
  status: 'ok',
  documentVersion: '7',
  ...rest,
})

describe('what does not count for a key', () => {
  it('is dropped wherever the pattern matches, in any case, and nowhere else', () => {
    const drop = compileKeyIgnore([ignore({})])
    const text = 'TODAY is Monday. Be kind. Today is Tuesday.'
    const messages = [said(text, 'system'), said(text)]
    expect(drop({ system: text, tools: [text], messages }, asked())).toEqual({
      prompt: {
        system: ' Be kind. ',
        tools: [text],
        messages: [said(' Be kind. ', 'system'), said(text)],
      },
      lacksCover: false,
    })
  })

  it('is dropped from the texts of a list of parts', () => {
    const drop = compileKeyIgnore([ignore({ field: 'messages', pattern: '<doc>.*</doc>' })])
    const image = { type: 'image_url', image_url: '<doc>x</doc>' }
    const text = { type: 'text', text: '<doc>x</doc>What is it?' }
    const prompt = { messages: [{ role: 'user', content: [image, text] }] }
    expect(drop(prompt, asked()).prompt).toEqual({
      messages: [{ role: 'user', content: [image, { type: 'text', text: 'What is it?' }] }],
    })
  })

  it('counts for a request without the field that covers it', () => {
    const patterns = { user: 'I am \\w+\\.', documentVersion: 'Today is \\w+\\.' } as const
    const drop = compileKeyIgnore([
      ignore({ pattern: patterns.user, coveredBy: 'user' }),
      ignore({ pattern: patterns.documentVersion, coveredBy: 'documentVersion' }),
    ])
    const system = 'I am Ada. Today is Monday.'
    const left = (request: Request) => {
      const { prompt, lacksCover } = drop({ system, messages: [] }, request)
      return [prompt.system, lacksCover]
    }
    expect(left(asked({ user: 'ada' }))).toEqual([' ', false])
    expect(left(asked())).toEqual(['I am Ada. ', true])
    expect(left(asked({ user: '' }))).toEqual(['I am Ada. ', true])
    const { documentVersion: _, ...bare } = asked({ user: 'ada' })
    expect(left(bare)).toEqual([' Today is Monday.', true])
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
