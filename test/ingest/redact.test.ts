import { describe, expect, test } from 'vitest'
import { redactKeys as inMessages } from '../../src/dialects/redact-keys.ts'
import { redact, redactKeys } from '../../src/ingest/redact.ts'

const random = '4fQz81LmNp0RsTuVwXy2'
const whole = [
  ...['sk-', 'gsk_', 'xai-', 'hf_', 'nvapi-', 'pplx-', 'r8_', 'glpat-', 'ghp_', 'xoxb-'].map(
    (beginning) => `${beginning}${random}`,
  ),
  'AKIAIOSFODNN7EXAMPLE',
  'AIzaSyA1234567890abcdefghijklmnopqrstu',
  `Bearer ${random}`,
  '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
]

describe('a whole key of any vendor', () => {
  test.each(whole)('%s goes from texts and from messages', (key) => {
    expect(redact(`It is ${key} .`)).toBe('It is [KEY] .')
    expect(redactKeys(`It is ${key} .`)).toBe('It is [KEY] .')
    expect(inMessages(`It is ${key} .`)).toBe('It is [key] .')
  })
})

test('a key that is short or shortened goes from messages, and words like it stay in texts', () => {
  for (const key of ['sk-ab12*****wxyz', 'gsk_abcdef', 'Bearer abcdef'])
    expect(inMessages(`Incorrect API key provided: ${key} `)).not.toContain(key)
  for (const text of [
    'Use sk-learn-contrib here',
    'Bearer of bad news',
    'the hf_hub_download call',
  ])
    expect(redact(text)).toBe(text)
})
