import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { SimulateResult } from '../../src/simulate/result.ts'
import { canonicalRecord, newTerminal, removeTerminals, runIn } from '../support/cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = newTerminal()
})
afterEach(removeTerminals)

/** Ten questions to gpt-4o, a minute apart, simulated under a policy. */
async function simulated(policy: object, fields: object = {}): Promise<SimulateResult> {
  const log = join(terminal.folder, 'log.jsonl')
  const lines = Array.from({ length: 10 }, (_, minute) =>
    canonicalRecord({
      id: `r${minute}`,
      at: new Date(Date.UTC(2026, 7, 1, 10, minute)).toISOString(),
      model: 'gpt-4o',
      prompt: { messages: [{ role: 'user', content: `Question number ${minute}?` }] },
      answer: { text: 'An answer that is long enough.', finishReason: 'stop' },
      usage: { inputTokens: 4000, outputTokens: 100 },
      ...fields,
    }),
  )
  writeFileSync(log, `${lines.join('\n')}\n`)
  const path = join(terminal.folder, 'llmcost.json')
  writeFileSync(path, JSON.stringify({ cache: { exact: 'off', semantic: 'off' }, ...policy }))
  const args = ['simulate', log, '--policy', path, '--format', 'json', '-q']
  const { code, out, err } = await runIn(terminal, ...args)
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as SimulateResult
}

const routed = (ladder: readonly unknown[]) => ({ routes: [{ name: 'all', when: {}, ladder }] })
const warningOf = ({ warnings }: SimulateResult, code: string) =>
  warnings.find((warning) => warning.code === code)

it('says what a saving leaves out where nobody knows the price of a target', async () => {
  const provider = { name: 'mine', dialect: 'openai-chat', baseUrl: 'http://127.0.0.1:9/v1' }
  const own = { serve: { providers: [{ ...provider, models: ['llama-x'] }] } }
  const result = await simulated({ ...routed(['mine:llama-x']), ...own })
  expect(warningOf(result, 'unpriced-target')).toMatchObject({ count: 10 })
  expect(warningOf(result, 'unpriced-target')?.message).toContain('mine:llama-x')
  expect(warningOf(await simulated(routed(['openai:gpt-4o-mini'])), 'unpriced-target')).toBe(
    undefined,
  )
})

it('says that nobody knows how many would climb a ladder', async () => {
  const validators = [{ kind: 'length', min: 10 }]
  const ladder = [{ target: 'openai:gpt-4o-mini', validators }, 'openai:gpt-4o']
  const result = await simulated(routed(ladder))
  expect(warningOf(result, 'unjudged-rungs')).toMatchObject({ count: 10 })
  expect(warningOf(await simulated(routed(['openai:gpt-4o-mini'])), 'unjudged-rungs')).toBe(
    undefined,
  )
  // Two rungs asked at once are two calls, whoever is served.
  const both = await simulated({ ...routed(ladder), speculative: 'on' })
  expect([result.policy.calls, both.policy.calls]).toEqual([10, 20])
})

it('says which figures rest on estimated token counts', async () => {
  const result = await simulated({}, { usage: undefined })
  expect(warningOf(result, 'estimated-usage')).toMatchObject({ count: 10 })
  expect(warningOf(await simulated({}), 'estimated-usage')).toBe(undefined)
})

it('gives the range of what the calls cost, all levers counted, around that very sum', async () => {
  const levers = {
    batch: [{ name: 'b', when: {} }],
    outputCap: [{ name: 'c', when: {}, maxTokens: 50 }],
  }
  const { policy, layers } = await simulated({ ...routed(['openai:gpt-4o-mini']), ...levers })
  const { lowUsd = Number.NaN, highUsd = Number.NaN } = layers.routing.sensitivity ?? {}
  expect(lowUsd).toBeLessThan(policy.costUsd)
  expect((lowUsd + highUsd) / 2).toBeCloseTo(policy.costUsd, 12)
})
