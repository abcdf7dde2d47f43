import type { Intent, JournalEntry, Settled } from '../../src/domain/journal.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { Receipt } from '../../src/domain/receipt.ts'
import type { Usage } from '../../src/domain/usage.ts'

export const nano = (amount: number): NanoUsd => amount as NanoUsd

export const begun = (id: string, fields: Partial<Intent> = {}): Intent => ({
  kind: 'begun',
  id,
  attempt: 1,
  at: 1_790_000_000_000,
  target: 'openai:gpt-4o-mini',
  reservedNanoUsd: nano(2_000_000),
  spender: { user: 'ada', feature: 'chat' },
  ...fields,
})

export const usageOf = (inputTokens: number, outputTokens: number): Usage => ({
  inputTokens,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  outputTokens,
  reasoningTokens: 0,
})

export const receiptOf = (id: string, fields: Partial<Receipt> = {}): Receipt => ({
  id,
  at: 1_790_000_000_000,
  outcome: 'answered',
  servedBy: null,
  steps: [
    { kind: 'miss', layer: 'exact' },
    {
      kind: 'attempt',
      target: 'openai:gpt-4o-mini',
      outcome: 'accepted',
      reason: null,
      usage: usageOf(1000, 100),
      costNanoUsd: nano(210_000),
      latencyMs: 800,
    },
  ],
  costNanoUsd: nano(210_000),
  latencyMs: 812,
  ...fields,
})

/** A canonical record as the gateway writes it: $0.00021 at the price of gpt-4o-mini. */
export const recordOf = (id: string, fields: JsonObject = {}): JsonObject => ({
  v: 1,
  id,
  at: '2026-09-21T13:33:20.000Z',
  provider: 'openai',
  model: 'gpt-4o-mini',
  operation: 'chat',
  user: 'ada',
  feature: 'chat',
  prompt: { messages: [{ role: 'user', content: `What is meant by ${id}?` }] },
  answer: { text: `That is ${id}.`, finishReason: 'stop' },
  usage: usageOf(1000, 100),
  latencyMs: 812,
  status: 'ok',
  statusCode: 200,
  ...fields,
})

export const settled = (id: string, fields: Partial<Settled> = {}): Settled => ({
  kind: 'settled',
  id,
  at: 1_790_000_000_000,
  costNanoUsd: nano(210_000),
  spender: { user: 'ada', feature: 'chat' },
  record: recordOf(id),
  keys: null,
  receipt: receiptOf(id),
  ...fields,
})

export const idsOf = (entries: Iterable<JournalEntry>): readonly string[] =>
  Array.from(entries, ({ kind, id }) => `${kind} ${id}`)
