import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTooDeep, mostLevels } from '../../src/serve/body-depth.ts'
import { completion, startFixtureGateway } from '../support/fixture-gateway.ts'
import { sendText } from '../support/gateways/fixture-upstream.ts'

const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const chat = '"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hi"}]'

const bodies = {
  'its messages': (depth: number) => `{"model":"gpt-4o-mini","messages":${lists(depth)}}`,
  'its metadata': (depth: number) => `{${chat},"metadata":${lists(depth)}}`,
  'an unknown field': (depth: number) => `{${chat},"extra":${objects(depth)}}`,
}

describe.each(Object.keys(bodies) as (keyof typeof bodies)[])('too many levels of %s', (where) => {
  test.each(['/v1/chat/completions', '/v1/responses', '/v1/messages'])(
    'are a bad request to %s',
    async (path) => {
      const { gateway, upstream } = await startFixtureGateway((response) =>
        sendText(response, 200, completion('Hello')),
      )
      for (const depth of [mostLevels, 5_000, 100_000, 2_000_000]) {
        const body = bodies[where](depth)
        const response = await fetch(`${gateway.url}${path}`, { method: 'POST', body })
        expect(response.status).toBe(400)
        expect(await response.text()).toContain('nested more than 500 levels deep')
      }
      expect([gateway.bugs, upstream.received]).toEqual([[], []])
    },
  )
})

test('brackets in strings are no levels, whatever stands before a quote', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0
  const text = fc.string({ unit: fc.constantFrom('[', '{', '"', '\\', ']', '}', 'é') })
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(text), fc.nat(3), (value, texts, more) => {
      const inner = [value, ...texts, Object.fromEntries(texts.map((each) => [each, each]))]
      const missing = mostLevels - depthOf(inner)
      const isWrapped = (levels: number) => {
        const json = '['.repeat(levels) + JSON.stringify(inner) + ']'.repeat(levels)
        return isTooDeep(Buffer.from(json), JSON.parse(json))
      }
      expect(isWrapped(missing - more)).toBe(false)
      expect(isWrapped(missing + 1 + more)).toBe(true)
    }),
  )
})
