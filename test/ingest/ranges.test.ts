import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ingestPorts } from '../../src/cli/ingest-ports.ts'
import { openRunPrices } from '../../src/cli/price-book.ts'
import { type Batch, noCounts } from '../../src/domain/batch.ts'
import { eachRow } from '../../src/domain/packed-rows.ts'
import { at, type Cell, messageShape, requestShape } from '../../src/domain/row.ts'
import type { IngestPorts } from '../../src/ingest/ports.ts'
import { readInTurns } from '../../src/ingest/ranges.ts'
import { type ReadPlan, readPlanned } from '../../src/ingest/read-plan.ts'
import { mergeSettings } from '../../src/ingest/settings.ts'
import { canonicalRecord } from '../support/cli.ts'

let folder: string
let ports: IngestPorts
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-test-'))
  ports = ingestPorts('secret', await openRunPrices({}, { env: {} }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/**
 * What a log's line may be, good and bad, short and much longer than a range. No request is there twice: which rows
 * repeat another is the store's to judge, where a reader has not seen both.
 */
const line = fc.oneof(
  fc
    .record({
      feature: fc.constantFrom('chat', 'search', 'mail'),
      model: fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'unheard-of'),
      text: fc.string({ maxLength: 20 }),
    })
    .map(
      ({ feature, model, text }) =>
        (id: number) =>
          canonicalRecord({
            id: `r${id}`,
            feature,
            model,
            prompt: { messages: [{ role: 'user', content: text }] },
          }),
    ),
  fc.constantFrom('', 'not json', '[]', '{"no": "request"}').map((text) => () => text),
  fc.constant((id: number) => canonicalRecord({ id: `r${id}`, task: 'x'.repeat(3000) })),
)

const planOf = (path: string): ReadPlan => ({
  path,
  absolutePath: path,
  container: 'json-lines',
  format: 'canonical',
  start: { line: 0, byteOffset: 0 },
  counts: noCounts,
  settings: mergeSettings({}, undefined),
  fileKey: 'key',
  companions: [],
})

/** All that was read, profiles and prices by what they say and not by their numbers. */
async function contentOf(batches: AsyncIterable<Batch>) {
  const profiles = new Map<Cell, string>()
  const prices = new Map<Cell, string>()
  const requests: Cell[][] = []
  const messages = new Set<string>()
  const rejects: Batch['rejects'][number][] = []
  let last: Batch | null = null
  for await (const batch of batches) {
    for (const [number, json] of batch.profiles) profiles.set(number, json)
    for (const [number, key] of batch.prices) prices.set(number, key)
    eachRow(batch.requests, requestShape, (cells) => {
      const row = [...cells]
      row[at.profile] = profiles.get(row[at.profile] as Cell) as string
      row[at.price] = prices.get(row[at.price] as Cell) ?? null
      requests.push(row)
    })
    eachRow(batch.messages, messageShape, (cells) => messages.add(JSON.stringify(cells)))
    rejects.push(...batch.rejects)
    expect(batch.endsRange).toBeUndefined()
    last = batch
  }
  const { counts, byteOffset, line: lines } = last as Batch
  return { requests, messages: [...messages].sort(), rejects, counts, byteOffset, lines }
}

test('a file read in turns is what one reader would have read, wherever it is cut', async () => {
  const path = join(folder, 'log.jsonl')
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 2, maxLength: 40 }),
      fc.constantFrom('', '\n', '\n{"cut off'),
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 2, max: 3 }),
      async (lines, end, rangeBytes, readerCount) => {
        writeFileSync(path, lines.map((write, id) => write(id)).join('\n') + end)
        const read = (plan: ReadPlan) => readPlanned(plan, ports)
        const sizes = { leastBytes: 0, rangeBytes }
        const inTurns = readInTurns(planOf(path), readerCount, read, sizes)
        expect(await contentOf(inTurns)).toEqual(await contentOf(read(planOf(path))))
      },
    ),
    { numRuns: 60 },
  )
})

test.each([
  ['a compressed file', 'log.gz', (text: string) => gzipSync(text), 0],
  ['a short file', 'short.jsonl', (text: string) => Buffer.from(text), 1e6],
])('%s goes to one reader', async (_, name, encode, leastBytes) => {
  const path = join(folder, name)
  writeFileSync(path, encode(`${canonicalRecord({ id: 'one' })}\n`.repeat(50)))
  const plans: ReadPlan[] = []
  const read = (plan: ReadPlan) => {
    plans.push(plan)
    return readPlanned(plan, ports)
  }
  await contentOf(readInTurns(planOf(path), 2, read, { leastBytes, rangeBytes: 100 }))
  expect(plans).toEqual([planOf(path)])
})
