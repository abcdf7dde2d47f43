import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { UserError } from '../../src/domain/user-error.ts'
import { mockFaultNames } from '../../src/providers/mock-faults.ts'
import { defaultMockSettings, readMockSettings } from '../../src/providers/mock-settings.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../docs/mock.md'), 'utf8')

test('the example of docs/mock.md has every setting, and is read as it stands', () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? []
  const given = parse(example)
  expect(Object.keys(given).sort()).toEqual(Object.keys(defaultMockSettings).sort())
  expect(readMockSettings(given, 'docs/mock.md')).toMatchObject({
    seed: '7',
    latency: given.latency,
    faults: { 429: 0.02, 500: 0.01, 'cut-off': 0.005 },
    models: [{ match: '*-mini', accuracy: 0.64 }],
  })
})

test('docs/mock.md names every fault', () => {
  expect(mockFaultNames.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

test.each([
  [{ accuracy: 1.1 }, 'accuracy'],
  [{ acuracy: 1 }, 'acuracy'],
  [{ faults: { '418': 0.1 } }, 'faults'],
  [{ faults: { '429': 0.6, '500': 0.6 } }, 'more than 1'],
  [{ latency: { p95Ms: 5 } }, 'p50Ms'],
  [{ models: [{ accuracy: 1 }] }, 'models[0].match'],
  [{ script: [{ when: '(', answer: 'x' }] }, 'script[0].when'],
  [{ script: [{ when: 'x' }] }, 'one of answer, tool and fault'],
])('%j is refused with its place', (given, told) => {
  expect(() => readMockSettings(given, 'mock.yaml')).toThrow(UserError)
  expect(() => readMockSettings(given, 'mock.yaml')).toThrow(told)
})
