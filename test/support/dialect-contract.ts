import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Dialect, StreamEvent } from '../../src/dialects/dialect.ts'
import { foldParts, partsOfReply } from '../../src/dialects/fold-parts.ts'
import { openEventReader, overlongEvent } from '../../src/dialects/sse.ts'
import type { Block } from '../../src/domain/call.ts'
import { faultKinds } from '../../src/domain/fault.ts'
import type { Part, Reply } from '../../src/domain/reply.ts'
import { totalTokens } from '../../src/domain/usage.ts'
import { calls } from './common-calls.ts'
import { replies as saidReplies } from './replies.ts'
import { partsOf } from './stream-events.ts'

/** What every dialect promises, whatever its wire looks like. */
export function holdsDialectContract(dialect: Dialect): void {
  test('a call is read back as it was written', () => {
    fc.assert(
      fc.property(calls(dialect.name, { isMarked: false }), (call) => {
        const { body, losses } = dialect.writeCall(call)
        expect(losses).toEqual([])
        expect(bare(dialect.readCall(JSON.parse(JSON.stringify(body))))).toEqual(bare(call))
      }),
    )
  })

  test('an answer is read back as it was written', () => {
    fc.assert(
      fc.property(replies, (reply) => {
        const body = dialect.writeReply(reply, stamp)
        const { blocks, ...read } = bare(dialect.readReply(JSON.parse(JSON.stringify(body))))
        // A wire on which thoughts are items of their own gives them ids.
        const content = blocks.map(({ id, ...block }: Block & { id?: string }) =>
          block.kind === 'reasoning' ? block : { id, ...block },
        )
        expect(bare({ ...read, blocks: content })).toEqual(bare(reply))
      }),
    )
  })

  test.each(faultKinds)('a fault of kind "%s" keeps its kind and its words', (kind) => {
    const fault = { kind, message: 'It went wrong.', status: null, retryAfterMs: null }
    const { status, body } = dialect.writeFault(fault)
    const text = JSON.stringify(body)
    expect(dialect.readFault(status, {}, text)).toEqual({ ...fault, status })
    expect(dialect.readFault(200, {}, text)).toMatchObject({ kind })
  })

  test('no key stands in the words of a fault', () => {
    const key = 'sk-proj-abcdef0123456789abcdef'
    for (const body of [`bad ${key}`, JSON.stringify({ error: { message: `bad ${key}` } })])
      expect(dialect.readFault(401, {}, body).message).not.toContain(key)
  })

  test('a streamed answer is read back as it was written', () => {
    fc.assert(
      fc.property(replies, (reply) => {
        const parts = partsOf(dialect.openPartReader(), eventsIn(streamOf(dialect, reply)))
        expect(bare(foldParts(parts))).toEqual(bare({ reply, fault: null }))
      }),
    )
  })

  test('a stream cut at any byte gives the same parts', () => {
    const bytes = new TextEncoder().encode(streamOf(dialect, sample))
    const whole = readChunks(dialect, [bytes])
    expect(foldParts(whole).fault).toBeNull()
    const told = JSON.stringify(whole)
    for (let at = 1; at < bytes.length; at++) {
      const parts = readChunks(dialect, [bytes.subarray(0, at), bytes.subarray(at)])
      expect(JSON.stringify(parts)).toBe(told)
    }
    const singles = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
    expect(readChunks(dialect, singles)).toEqual(whole)
  })

  test('a stream that breaks off is cut off, or else it is whole', () => {
    const events = eventsIn(streamOf(dialect, sample))
    const whole = foldParts(partsOf(dialect.openPartReader(), events)).reply
    let cuts = 0
    for (let at = 0; at < events.length; at++) {
      const { reply, fault } = foldParts(partsOf(dialect.openPartReader(), events.slice(0, at)))
      if (fault === null) expect(reply?.blocks).toEqual(whole?.blocks)
      else expect(fault.kind).toBe('cut-off')
      if (fault !== null) cuts++
    }
    expect(cuts).toBeGreaterThan(3)
    expect(events.length - cuts).toBeLessThan(3)
  })

  test('a broken event ends the stream as malformed', () => {
    const events = eventsIn(streamOf(dialect, sample))
    for (const garbage of [{ event: null, data: '{"type":' }, overlongEvent])
      for (let at = 0; at < events.length - 2; at++) {
        const broken = [...events.slice(0, at), garbage, ...events.slice(at)]
        const parts = partsOf(dialect.openPartReader(), broken)
        expect(parts.at(-1)).toMatchObject({ kind: 'error', fault: { kind: 'malformed' } })
        expect(parts.filter((part) => part.kind === 'error')).toHaveLength(1)
      }
  })
}

const stamp = { id: 'id-1', model: 'm', createdAt: 0, usageInStream: true }

/** Answers that every wire can say: some carry arguments as an object, and all have read something. */
const replies: fc.Arbitrary<Reply> = saidReplies.map((reply) => ({
  ...reply,
  blocks: reply.blocks.map(
    (block): Block =>
      block.kind === 'tool-call' && block.input === '' ? { ...block, input: '{}' } : block,
  ),
  usage: reply.usage && totalTokens(reply.usage) > 0 ? reply.usage : null,
}))

const sample: Reply = {
  id: 'id-1',
  model: 'm',
  blocks: [
    { kind: 'reasoning', text: 'Hm… 😀' },
    { kind: 'text', text: 'Grüße, 漢字\n\ndata: no event' },
    { kind: 'tool-call', id: 'call_1', name: 'add', input: '{"a":"ä","b":2}' },
    { kind: 'tool-call', id: 'call_2', name: 'now', input: '{}' },
  ],
  finish: 'tool',
  usage: {
    inputTokens: 10,
    cacheReadTokens: 4,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: 20,
    reasoningTokens: 5,
  },
}

function streamOf(dialect: Dialect, reply: Reply): string {
  const writer = dialect.openPartWriter(stamp)
  return partsOfReply(reply)
    .map((part) => writer.write(part))
    .join('')
}

function eventsIn(stream: string): readonly StreamEvent[] {
  const reader = openEventReader()
  return [...reader.read(new TextEncoder().encode(stream)), ...reader.end()]
}

function readChunks(dialect: Dialect, chunks: readonly Uint8Array[]): readonly Part[] {
  const events = openEventReader()
  const parts = dialect.openPartReader()
  return [
    ...chunks.flatMap((chunk) => events.read(chunk)).flatMap((event) => parts.read(event)),
    ...events.end().flatMap((event) => parts.read(event)),
    ...parts.end(),
  ]
}

/** Without how the origin put things, and without what is not said. */
export const bare = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value, (name, held) => (name === 'wording' ? undefined : held)))
