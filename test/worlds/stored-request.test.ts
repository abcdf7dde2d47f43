import { expect, it } from 'vitest'
import { storedHistory } from '../support/stored-history.ts'

it('gives back every system prompt that leads a conversation', async () => {
  const messages = [
    { role: 'system', content: 'Be kind.' },
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: 'Why?' },
  ]
  const stored = await storedHistory([
    { model: 'gpt-4o', prompt: { messages }, answer: { text: 'So.' } },
  ])
  try {
    expect(stored.history.requestAt(0).prompt).toEqual({
      system: 'Be kind.',
      messages: messages.slice(1),
    })
  } finally {
    stored.close()
  }
})
