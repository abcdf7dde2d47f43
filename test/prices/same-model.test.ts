import { expect, test } from 'vitest'
import { isSameTarget, ofTarget } from '../../src/prices/same-model.ts'

test.each([
  ['gpt-4o', 'openai:gpt-4o', true],
  ['openai:gpt-4o', 'gpt-4o', true],
  ['openai:gpt-4o', 'openai:gpt-4o-2024-08-06', true],
  ['openai:gpt-4o', 'openai:gpt-4o-mini', false],
  ['groq:llama-3.3-70b', 'together:llama-3.3-70b', false],
] as const)('%s and %s mean one target: %s', (name, other, isSame) => {
  expect(isSameTarget(name, other)).toBe(isSame)
})

test('a table is read by the name itself first, then by another one that means the target', () => {
  const table = { 'openai:gpt-4o': 1, 'gpt-4o': 2, 'anthropic:claude-haiku-4-5': 3 }
  expect(ofTarget(table, 'gpt-4o')).toBe(2)
  expect(ofTarget(table, 'openai:gpt-4o')).toBe(1)
  expect(ofTarget(table, 'claude-haiku-4-5')).toBe(3)
  expect(ofTarget(table, 'gpt-5')).toBeUndefined()
  expect(ofTarget({}, 'constructor')).toBeUndefined()
})
