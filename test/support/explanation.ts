import type { Explanation } from '../../src/analyze/explanation.ts'

/** A batched request with a prompt cache read, whose log states a slightly different cost. */
export const richExplanation = (): Explanation => ({
  kind: 'explain',
  version: 1,
  generatedAt: '2026-11-21T09:00:00.000Z',
  inputs: [],
  fingerprints: { policy: null, prices: 'genai-prices@0.1.8+4f1c02', embedder: null },
  warnings: [
    {
      code: 'service-tier-unpriced',
      message: 'priced at the standard tier: the book has no price for service tier "scale"',
      count: 1,
    },
  ],
  id: 'chatcmpl-9f2c77aa01bd4e',
  place: { file: 'logs/support-2026-10.jsonl', line: 18_204, byteOffset: 88_120_433 },
  format: 'openai-chat-pairs',
  at: '2026-10-18T12:03:44.120Z',
  facts: [
    ['model', 'gpt-4o, answered by gpt-4o-2024-08-06'],
    ['feature', 'support-copilot'],
    ['user', 'u_20418'],
    ['latency', '1.3 s, first token after 412 ms'],
    ['status', '200, finished with stop'],
  ],
  usage: [
    { name: 'input', tokens: 5_120, usdPerMillion: '1.25', costUsd: 0.0064 },
    { name: 'cache read', tokens: 12_288, usdPerMillion: '0.625', costUsd: 0.00768 },
    { name: 'output', tokens: 412, usdPerMillion: '5', costUsd: 0.00206 },
    { name: 'web search', tokens: null, usdPerMillion: null, costUsd: 0.01 },
  ],
  factors: ['batch × 0.5 (openai.com/api/pricing)'],
  priceSource: {
    source: 'genai-prices 0.1.8',
    target: 'openai:gpt-4o',
    since: '2024-08-06',
    band: null,
  },
  loggedCostUsd: 0.026141,
  computedCostUsd: 0.02614,
  deltaUsd: -0.000001,
  prompt: 'You are a support agent.\n\nUser: How do I reset my password?',
  answer: 'Open Settings, then Security, and choose “Reset password”.',
  duplicates: [{ file: 'logs/retry.jsonl', line: 3, byteOffset: null }],
  receipt: null,
})

/** A request of which nothing but its id is known. */
export const emptyExplanation = (): Explanation => ({
  ...richExplanation(),
  warnings: [],
  place: null,
  at: null,
  facts: [],
  usage: [],
  factors: [],
  priceSource: null,
  loggedCostUsd: null,
  computedCostUsd: null,
  deltaUsd: null,
  prompt: null,
  answer: null,
  duplicates: [],
})
