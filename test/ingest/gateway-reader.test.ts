import { expect, test } from 'vitest'
import type { Settled } from '../../src/domain/journal.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { gatewayReader } from '../../src/ingest/gateway-reader.ts'
import { nano, receiptOf, recordOf, settled, usageOf } from '../support/journal.ts'

/** Two models asked at once, and both found good: the record tells of the cheap one, which was served. */
function speculative(target: string, rungs: readonly [string, string]): Settled {
  const attempt = (name: string, costNanoUsd: number) => ({
    ...({ kind: 'attempt', target: name, outcome: 'accepted', reason: null } as const),
    ...{ usage: usageOf(1000, 100), costNanoUsd: nano(costNanoUsd), latencyMs: 800 },
  })
  const [cheap, dear] = rungs
  const receipt = receiptOf('a', {
    steps: [attempt(cheap, 210_000), attempt(dear, 3_500_000)],
    costNanoUsd: nano(3_710_000),
  })
  const record = recordOf('a', { target })
  return settled('a', { record, receipt, costNanoUsd: nano(3_710_000) })
}

test.each([
  ['as targets are named', ['openai:gpt-4o-mini', 'openai:gpt-4o']],
  ['without their provider', ['gpt-4o-mini', 'gpt-4o']],
] as const)('what was spent beside the served call is all but that call, rungs %s', (_, rungs) => {
  const entry = speculative('openai:gpt-4o-mini', rungs) as unknown as JsonObject
  expect(gatewayReader.start({} as never).read(entry)).toMatchObject({
    model: 'gpt-4o-mini',
    fees: { otherCallsNanoUsd: 3_500_000 },
  })
})
