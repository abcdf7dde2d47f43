import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Message, Prompt } from '../../src/domain/request.ts'
import {
  compressPrompt,
  type PureCompression,
  promptTokens,
} from '../../src/engine/compress-prompt.ts'

const count = (text: string) => Math.ceil(text.length / 4)
const compress = (prompt: Prompt, compression: PureCompression) =>
  compressPrompt(prompt, compression, count)

const rule = 'Answer in the language of the customer, and never promise a refund.'
const user = (content: Message['content']): Message => ({ role: 'user', content })
const assistant = (content: string): Message => ({ role: 'assistant', content })

describe('dropping what is said twice', () => {
  it('keeps the first, and what is short', () => {
    const prompt = {
      system: `${rule}\n\nBe kind.`,
      messages: [user(`${rule}\n\nBe kind.\n\nWhere is it?`)],
    }
    expect(compress(prompt, { kind: 'drop-repeated' })).toEqual({
      system: `${rule}\n\nBe kind.`,
      messages: [user('Be kind.\n\nWhere is it?')],
    })
  })

  it('empties no message, and touches neither code nor what tools said', () => {
    const code = `\`\`\`\n${rule}\n\`\`\``
    const messages = [user(rule), user(code), { role: 'tool', content: rule }, user(rule)]
    const prompt = { system: rule, messages }
    expect(compress(prompt, { kind: 'drop-repeated' })).toEqual(prompt)
  })
})

describe('examples and chunks', () => {
  it('are kept up to a number, over all texts', () => {
    const example = (n: number) => `<example>${n}</example>`
    const prompt = {
      system: [{ type: 'text', text: `Do so:${example(1)}${example(2)}` }],
      messages: [user(`${example(3)}Now: 4`)],
    }
    const few = { kind: 'few-shot', keep: 1, pattern: '<example>.*?</example>' } as const
    expect(compress(prompt, few)).toEqual({
      system: [{ type: 'text', text: `Do so:${example(1)}` }],
      messages: [user('Now: 4')],
    })
  })

  it('keep the question behind the chunks', () => {
    const prompt = { system: 'x\n---\ny', messages: [user('a\n---\nb\n---\nc\n---\nWhy?')] }
    const top = { kind: 'top-chunks', keep: 2, separator: '\n---\n' } as const
    expect(compress(prompt, top)).toEqual({
      system: 'x\n---\ny',
      messages: [user('a\n---\nb\n---\nWhy?')],
    })
  })
})

describe('references', () => {
  it('stand for long passages of an earlier message', () => {
    const long = 'passage '.repeat(20)
    const prompt = { messages: [user(long), assistant('Yes.'), user(`${long}\n\nWhy?`)] }
    expect(compress(prompt, { kind: 'references', minCharacters: 100 }).messages.at(-1)).toEqual(
      user('[quoted from message 1]\n\nWhy?'),
    )
  })
})

describe('a budget of tokens', () => {
  const prompt: Prompt = {
    system: 'S'.repeat(40),
    messages: [
      user('old '.repeat(10)),
      assistant('said '.repeat(10)),
      { role: 'tool', content: 'result' },
      user('newer '.repeat(10)),
      assistant('ok'),
      user(`${'doc '.repeat(20)}\n\nWhy?`),
    ],
  }
  const cut = (
    tokens: number,
    ...priorities: readonly ('system' | 'question' | 'history' | 'documents')[]
  ) => compress(prompt, { kind: 'token-budget', tokens, priorities })

  it('takes the part that is named last first, and of the history the oldest turn whole', () => {
    const some = cut(60, 'system', 'documents', 'history')
    expect(some.messages).toEqual(prompt.messages.slice(3))
    expect(cut(30, 'system', 'history', 'documents').messages.at(-1)).toEqual(user('Why?'))
  })

  it('leaves alone what is not named', () => {
    expect(cut(1, 'history')).toEqual({ ...prompt, messages: prompt.messages.slice(-1) })
  })
})

describe('whatever is compressed', () => {
  const text = fc
    .array(
      fc.constantFrom(
        rule,
        'short',
        'a longer passage of words that says something new',
        '<e>x</e>',
      ),
      {
        maxLength: 6,
      },
    )
    .map((paragraphs) => paragraphs.join('\n\n'))
  const prompts = fc.record({
    system: text,
    messages: fc.array(
      fc.record({ role: fc.constantFrom('user', 'assistant', 'tool'), content: text }),
      { minLength: 1, maxLength: 6 },
    ),
  })
  const kinds = fc.constantFrom<PureCompression>(
    { kind: 'drop-repeated' },
    { kind: 'few-shot', keep: 1, pattern: '<e>.*?</e>' },
    { kind: 'top-chunks', keep: 1, separator: '\n\n' },
    { kind: 'references', minCharacters: 45 },
    {
      kind: 'token-budget',
      tokens: 30,
      priorities: ['question', 'system', 'examples', 'documents', 'history'],
    },
  )

  it('never grows, is the same when done twice, and keeps its roles in order', () => {
    fc.assert(
      fc.property(prompts, kinds, (prompt, kind) => {
        const once = compress(prompt, kind)
        expect(promptTokens(once, count)).toBeLessThanOrEqual(promptTokens(prompt, count))
        expect(compress(once, kind)).toEqual(once)
        if (kind.kind === 'token-budget') {
          if (prompt.messages.some(({ role }) => role === 'user'))
            expect(once.messages.at(-1)?.role).toBe(prompt.messages.at(-1)?.role)
        } else {
          expect(once.messages.map(({ role }) => role)).toEqual(
            prompt.messages.map(({ role }) => role),
          )
        }
      }),
      { numRuns: 400 },
    )
  })
})
