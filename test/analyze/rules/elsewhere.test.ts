import { expect, test } from 'vitest'
import type { AnalyzePrices } from '../../../src/analyze/options.ts'
import type { PriceSource } from '../../../src/domain/price.ts'
import type { Usage } from '../../../src/domain/usage.ts'
import { opportunity, optionsOf, report, saved, usd } from '../../support/analyze-source.ts'
import { type PlainRequest, priceAt } from '../../support/request-source.ts'

const book: Readonly<Record<string, PriceSource>> = {
  'gpt-4o': priceAt({ input: '2.5', output: '10' }),
  'gpt-4o-mini': priceAt({ input: '0.15', output: '0.6' }),
  'gpt-4.1-nano': priceAt({ input: '0.1', output: '0.4' }),
  'gpt-4o-there': priceAt({ input: '1', output: '10' }),
}
const prices = (more: Partial<AnalyzePrices> = {}): Partial<ReturnType<typeof optionsOf>> => ({
  prices: {
    ...optionsOf().prices,
    priceOf: (provider, model) => (provider === 'openai' ? (book[model] ?? null) : null),
    costsAt:
      ({ model }) =>
      ({ inputTokens, outputTokens }) => {
        const { input, output } = (book[model] ?? priceAt()).usdPerMillion
        return (inputTokens * Number(input) + outputTokens * Number(output)) * 1000
      },
    ...more,
  },
})

const simple = (fields: PlainRequest = {}): PlainRequest => ({
  at: 0,
  difficulty: 'simple',
  inputTokens: 1000,
  outputTokens: 1000,
  costs: { input: usd(0.0025), output: usd(0.01) },
  ...fields,
})
const onSimple = (...log: readonly PlainRequest[]) =>
  saved(log, 'expensive-model-on-simple', [], prices())

test('a simple request on an expensive model saves the difference to the default small one', () => {
  expect(onSimple(simple())).toEqual([0.01175, 1])
  const found = opportunity(report([simple()], prices()), 'expensive-model-on-simple')
  expect(found?.evidence).toContain('openai:gpt-4o-mini')
  expect(found?.title).toBe('1 of 1 requests is short and simple, yet went to an expensive model')
})

test('a cheaper model of the log is the small one', () => {
  const log = [simple(), simple({ model: 'gpt-4.1-nano', costs: { input: 1, output: 1 } })]
  expect(onSimple(...log)).toEqual([0.012, 1])
})

test('fees by the piece are the same there', () => {
  const log = [simple({ costs: { input: usd(0.0025), output: usd(0.01), tools: usd(0.03) } })]
  expect(onSimple(...log)).toEqual([0.01175, 1])
})

test.each<[string, PlainRequest]>([
  ['medium', { difficulty: 'medium' }],
  ['long', { inputTokens: 2001 }],
  ['with tools', { flags: 256 }],
  ['with images', { flags: 512 }],
  ['served from a cache', { flags: 4 }],
  ['on the small model', { model: 'gpt-4o-mini' }],
  ['an embedding', { operation: 'embedding' }],
  ['of an unknown provider', { provider: 'nobody' }],
  ['cheaper than there', { costs: { input: 1 } }],
])('a request that is %s stays where it is', (_name, fields) => {
  expect(onSimple(simple(fields))).toBeNull()
})

test('another seller is asked about the mean usage of the model, whatever the profile', () => {
  const asked: Usage[] = []
  const cheaper: AnalyzePrices['cheaperElsewhere'] = (_provider, model, usage) => {
    asked.push(usage)
    return { provider: 'other', model: `${model}-there` }
  }
  const failed = { at: 0, status: 'error', inputTokens: 0, costs: {} }
  const log = [failed, simple({ costs: { input: usd(0.0025), output: usd(0.01), tools: usd(1) } })]
  const found = opportunity(report(log, prices({ cheaperElsewhere: cheaper })), 'cheaper-elsewhere')
  expect(asked).toMatchObject([{ inputTokens: 500, outputTokens: 500 }])
  expect(found).toMatchObject({
    savingUsd: 0.0015,
    requests: 1,
    command: 'llmcost prices gpt-4o-there',
  })
})

const job = (fields: PlainRequest = {}): PlainRequest => ({
  at: 0,
  feature: 'nightly-texts',
  costs: { input: usd(2), tools: usd(5) },
  ...fields,
})
const batch = (...log: readonly PlainRequest[]) => saved(log, 'batch-eligible')

test('a batch halves the tokens, not the fees', () => {
  expect(batch(job())).toEqual([1, 1])
  expect(batch(job({ feature: 'chat', task: 'backfill' }))).toEqual([1, 1])
  expect(batch(job({ feature: 'chat', tags: '[["job","bulk"]]' }))).toEqual([1, 1])
})

test.each<[string, PlainRequest]>([
  ['in a session', { session: 's' }],
  ['streamed', { flags: 8 }],
  ['failed', { status: 'error' }],
  ['already in a batch', { serviceTier: 'batch' }],
  ['of a provider without batches', { provider: 'groq' }],
  ['named like no job', { feature: 'chat' }],
])('no batch for a request %s', (_name, fields) => {
  expect(batch(job(fields))).toBeNull()
})

test('thirty requests of a feature in a minute without a user are a burst, however they ended', () => {
  const burst = Array.from({ length: 30 }, (_, index) =>
    job({ feature: 'chat', at: index * 1000, finishReason: index % 2 === 0 ? 'stop' : 'length' }),
  )
  expect(batch(...burst)).toEqual([30, 30])
  expect(batch(...burst.slice(1))).toBeNull()
  expect(batch(...burst.map((request) => ({ ...request, user: 'u' })))).toBeNull()
})
