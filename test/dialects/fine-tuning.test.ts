import { describe, expect, it } from 'vitest'
import { writeTuningExample } from '../../src/dialects/fine-tuning.ts'
import type { Block, Call, Turn } from '../../src/domain/call.ts'
import { plainCall } from '../support/calls.ts'

const text = (said: string): Block => ({ kind: 'text', text: said })
const turn = (role: Turn['role'], ...said: readonly string[]): Turn => ({
  role,
  blocks: said.map(text),
})
const image: Block = { kind: 'image', source: { kind: 'url', url: 'https://example.org/a.png' } }
const talk = plainCall({
  system: [text('Be brief.')],
  turns: [turn('user', 'Hi'), turn('assistant', 'Hello'), turn('user', 'Capital?', 'Of Italy.')],
})
const tools: Call['tools'] = [{ kind: 'function', name: 'look', schema: { type: 'object' } }]

describe('an example to learn from', () => {
  it('for OpenAI is the chat as it was asked, and the answer', () => {
    const example = writeTuningExample('openai', { ...talk, tools, temperature: 1 }, 'Rome')
    expect(Object.keys(example)).toEqual(['messages', 'tools'])
    expect(example).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user' },
        { role: 'assistant', content: 'Rome' },
      ],
      tools: [{ type: 'function', function: { name: 'look' } }],
    })
  })

  it('for Anthropic is text alone, the sides in turn', () => {
    expect(writeTuningExample('anthropic', talk, 'Rome')).toEqual({
      system: 'Be brief.',
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Capital?\n\nOf Italy.' },
        { role: 'assistant', content: 'Rome' },
      ],
    })
    const twice = plainCall({ turns: [turn('user', 'a'), turn('user', 'b')] })
    expect(writeTuningExample('anthropic', twice, 'c')).toEqual({
      messages: [
        { role: 'user', content: 'a\n\nb' },
        { role: 'assistant', content: 'c' },
      ],
    })
  })

  it.each([
    ['openai', { turns: [turn('user', 'a'), turn('assistant', 'b')] }],
    ['anthropic', { turns: [turn('assistant', 'a'), turn('user', 'b')] }],
    ['anthropic', { turns: [turn('user', 'a'), turn('system', 'b'), turn('user', 'c')] }],
    ['anthropic', { turns: [{ role: 'user', blocks: [image] }] }],
    ['anthropic', { tools }],
    ['openai', { tools: [{ kind: 'foreign', wire: { type: 'x' } }], origin: 'anthropic-messages' }],
  ] as const)('for %s is refused with the reason where it cannot say %j', (format, fields) => {
    expect(writeTuningExample(format, plainCall(fields as Partial<Call>), 'x')).toMatch(/\w+ \w+/)
  })
})
