import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { analyzeIn, canonicalRecord, newTerminal, removeTerminals } from '../support/cli.ts'

afterEach(removeTerminals)

type Fields = Readonly<Record<string, unknown>>

const question = 'What is the capital of France?'

/** What an opportunity saves in a log of these requests, by the bundled price book and the given overrides. */
async function savingOf(
  kind: string,
  records: readonly Fields[],
  overrides?: string,
): Promise<number | null> {
  const terminal = newTerminal()
  const log = join(terminal.folder, 'log.jsonl')
  writeFileSync(
    log,
    records.map((record, id) => `${canonicalRecord({ id, ...record })}\n`).join(''),
  )
  const flags: string[] = []
  if (overrides !== undefined) {
    const path = join(terminal.folder, 'prices.yaml')
    writeFileSync(path, overrides)
    flags.push('--prices', path)
  }
  const { opportunities } = await analyzeIn(terminal, log, ...flags)
  return opportunities.find((each) => each.kind === kind)?.savingUsd ?? null
}

const simple = (fields: Fields): Fields => ({
  prompt: question,
  usage: { inputTokens: 1000, outputTokens: 1000 },
  ...fields,
})

// Dollars are worked out by hand from the prices of 2026-09-23, per million: gpt-5 1.25 / 0.125 / 10, gpt-4o 2.5 / 10
// (priority × 1.7), gpt-4o-mini 0.15 / 0.075 / 0.6 (priority 0.25 / 1), claude-opus-4-5 5, write 1h 10, 25,
// claude-haiku-4-5 1, write 1h 2, 5.
test.each<[string, Fields, number | null]>([
  [
    'flex, which the small model does not have: against its list price, reads as reads',
    simple({
      model: 'gpt-5',
      serviceTier: 'flex',
      usage: { inputTokens: 1000, cacheReadTokens: 500, outputTokens: 1000 },
    }),
    0.005_656_25 - 0.000_787_5,
  ],
  ['priority: against priority there', simple({ serviceTier: 'priority' }), 0.021_25 - 0.001_25],
  [
    'fast mode, which the small model does not have: nothing',
    simple({ provider: 'anthropic', model: 'claude-opus-4-6', speed: 'fast' }),
    null,
  ],
  [
    'writes for an hour: against writes for an hour there',
    simple({
      provider: 'anthropic',
      model: 'claude-opus-4-5',
      usage: { inputTokens: 100, cacheWrite1hTokens: 1500, outputTokens: 100 },
    }),
    0.018 - 0.003_6,
  ],
  [
    'inference in the US: a tenth more on both sides',
    simple({ provider: 'anthropic', model: 'claude-opus-4-5', inferenceGeo: 'us' }),
    0.033 - 0.006_6,
  ],
  ['sound, whose price elsewhere is not known', simple({ fees: { inputAudioTokens: 900 } }), null],
  [
    'other calls for the same request, which stay',
    simple({ fees: { otherCallsNanoUsd: 5_000_000 } }),
    0.0125 - 0.000_75,
  ],
])('a smaller model for a simple request with %s', async (_name, record, expected) => {
  const overrides = record['fees']
    ? 'prices:\n  - { target: "openai:gpt-4o", rates: { input: 2.5, output: 10, inputAudio: 40 } }\n'
    : undefined
  const saving = await savingOf('expensive-model-on-simple', [record], overrides)
  if (expected === null) expect(saving).toBeNull()
  else expect(saving).toBeCloseTo(expected, 9)
})

const haiku: Fields = {
  provider: 'anthropic',
  model: 'claude-haiku-4-5',
  usage: { inputTokens: 10_000, cacheReadTokens: 20_000, outputTokens: 1000 },
}

// Quicksilver sells claude-haiku-4-5 at 0.8 / 4, without a price for cache reads: these cost its input price.
test('another seller without a price for cache reads is paid its input price for them', async () => {
  const usage = { inputTokens: 10_000, cacheReadTokens: 1000, outputTokens: 1000 }
  const here = 0.01 + 0.0001 + 0.005
  const there = 0.008 + 0.0008 + 0.004
  const saving = await savingOf('cheaper-elsewhere', [{ ...haiku, usage }])
  expect(saving).toBeCloseTo(here - there, 9)
})

test('a request that is dearer there is not counted, whatever the mean of its model', async () => {
  const plain = { ...haiku, usage: { inputTokens: 10_000, outputTokens: 1000 } }
  const saving = await savingOf('cheaper-elsewhere', [haiku, plain, plain, plain, plain])
  expect(saving).toBeCloseTo(4 * (0.015 - 0.012), 9)
})

test('a batch, which costs half already, is not cheaper at the list price of another seller', async () => {
  const batched = { ...haiku, serviceTier: 'batch', usage: { inputTokens: 10_000 } }
  const plain = { ...haiku, usage: { inputTokens: 10_000 } }
  expect(await savingOf('cheaper-elsewhere', [batched, plain])).toBeCloseTo(0.002, 9)
})

test('a price that was cut since is no saving elsewhere', async () => {
  const dated =
    'prices:\n  - { target: "anthropic:claude-haiku-4-5", rates: { input: 10, output: 50 }, to: 2026-08-10 }\n'
  const usage = { inputTokens: 10_000, outputTokens: 1000 }
  const record = { ...haiku, usage, at: '2026-08-01T10:00:00Z' }
  expect(await savingOf('cheaper-elsewhere', [record], dated)).toBeCloseTo(0.015 - 0.012, 9)
})

const job: Fields = { feature: 'nightly-report' }

// gemini-2.5-pro 1.25 / 0.125 / 10, of which reads cost the same in a batch.
test.each<[string, Fields, number | null]>([
  ['half its tokens', { ...job }, (0.0025 + 0.001) / 2],
  [
    'not its cache reads at Google',
    {
      ...job,
      provider: 'google',
      model: 'gemini-2.5-pro',
      usage: { inputTokens: 1000, cacheReadTokens: 100_000, outputTokens: 100 },
    },
    (0.001_25 + 0.001) / 2,
  ],
  [
    'not the other calls for the request',
    { ...job, fees: { otherCallsNanoUsd: 5_000_000 } },
    (0.0025 + 0.001) / 2,
  ],
  [
    'half of what the log says of a model without a price',
    { ...job, model: 'in-house', costUsd: 0.5 },
    0.25,
  ],
  ['nothing in flex', { ...job, model: 'gpt-5', serviceTier: 'flex' }, null],
  ['nothing in priority', { ...job, serviceTier: 'priority' }, null],
  [
    'nothing in fast mode, which does not go together with a batch',
    { ...job, provider: 'anthropic', model: 'claude-opus-4-6', speed: 'fast' },
    null,
  ],
])('a batch saves %s', async (_name, record, expected) => {
  const saving = await savingOf('batch-eligible', [record])
  if (expected === null) expect(saving).toBeNull()
  else expect(saving).toBeCloseTo(expected, 9)
})
