import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { NanoUsd } from '../../src/domain/money.ts'
import { keyHeaders } from '../../src/serve/gateway-keys.ts'
import { identityHeaders, tagPrefixes } from '../../src/serve/identity-headers.ts'
import { providerHeader } from '../../src/serve/read-destination.ts'
import { wishHeaders } from '../../src/serve/read-wishes.ts'
import { writeAnswerHeaders } from '../../src/serve/write-answer-headers.ts'

const docs = readFileSync(resolve(import.meta.dirname, '../../docs/gateway-headers.md'), 'utf8')
const named = new Set(
  [...docs.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code.replace(/:.*/, '').toLowerCase()),
)

/** All that an answer can say. */
function answerHeaders(): readonly string[] {
  const lines: string[] = []
  const hit = { kind: 'hit', layer: 'semantic', entry: 1, similarity: 1, ageMs: 1 } as const
  const route = { kind: 'route', route: 'r', targets: [] } as const
  const budget = { kind: 'budget', budget: 'b', action: 'alert' } as const
  const receipt = { id: 'req_1', steps: [hit, route, budget] }
  const money = { costNanoUsd: 1 as NanoUsd, savedNanoUsd: 1 as NanoUsd }
  writeAnswerHeaders(lines, { receipt, answering: 'm', target: null, policy: 'p', ...money })
  return lines.filter((_, at) => at % 2 === 0)
}

test('docs/gateway-headers.md names every header that is read and written', () => {
  const answered = answerHeaders().map((name) => name.toLowerCase())
  expect(answered).toHaveLength(13)
  const all = [
    ...identityHeaders,
    ...tagPrefixes.map((prefix) => `${prefix}name`),
    ...wishHeaders,
    ...keyHeaders,
    providerHeader,
    ...answered,
  ]
  expect(all.filter((name) => !named.has(name))).toEqual([])
})
