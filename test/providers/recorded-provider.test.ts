import { createHash } from 'node:crypto'
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { foldParts } from '../../src/dialects/fold-parts.ts'
import type { Call } from '../../src/domain/call.ts'
import { noCallLimits, type Provider, type ProviderAnswer } from '../../src/domain/provider.ts'
import type { Part } from '../../src/domain/reply.ts'
import { openExactScrub } from '../../src/providers/keys.ts'
import {
  openRecordedProvider,
  type RecordOptions,
  recordProvider,
} from '../../src/providers/recorded-provider.ts'
import { plainCall } from './calls.ts'

const key = 'planted-key-0123456789'
const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url')
const keys = {
  keyOf: ({ streamed: _, ...call }: Call) => hashOf(JSON.stringify(call)),
  hashOf,
}

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-cassette-'))
  file = join(folder, 'answers.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

const asking = (text: string, more: Partial<Call> = {}): Call => ({
  ...plainCall,
  turns: [{ role: 'user', blocks: [{ kind: 'text', text }] }],
  ...more,
})
const saying = (text: string): ProviderAnswer => ({
  kind: 'answered',
  reply: {
    id: 'a1',
    model: 'small-2026',
    blocks: [
      { kind: 'reasoning', text: `thinking of ${text}`, signature: 's' },
      { kind: 'text', text },
      { kind: 'tool-call', id: 't1', name: 'look_up', input: JSON.stringify({ text }) },
    ],
    finish: 'tool',
    usage: {
      inputTokens: 12,
      cacheReadTokens: 0,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
      outputTokens: 4,
      reasoningTokens: 0,
    },
  },
  latencyMs: 123.5,
  firstTokenMs: 17,
})
const failing = (message: string): ProviderAnswer => ({
  kind: 'failed',
  fault: { kind: 'rate-limit', message, status: 429, retryAfterMs: 7000 },
  partial: null,
  latencyMs: 3,
  firstTokenMs: null,
})

/** Answers what the last turn of the user makes of it. */
const scripted = (answerOf: (text: string, turn: number) => ProviderAnswer): Provider => ({
  name: 'up',
  async ask(call, { turn = 0 }) {
    const block = call.turns[0]?.blocks[0]
    return answerOf(block?.kind === 'text' ? block.text : '', turn)
  },
})

const record = (provider: Provider, options: Partial<RecordOptions> = {}) =>
  recordProvider(provider, {
    file,
    keys,
    redact: (text) => text,
    scrub: openExactScrub([key]),
    ...options,
  })
const replay = () => openRecordedProvider({ name: 'up', file, keys })
const plain = { limits: noCallLimits }

describe('a cassette', () => {
  it('answers what was recorded, by request and turn, for ever', async () => {
    const recorder = record(scripted((text, turn) => saying(`${text} ${turn}`)))
    for (const text of ['a', 'b'])
      for (const turn of [0, 1]) await recorder.ask(asking(text), { ...plain, turn })
    recorder.close()
    const recorded = replay()
    for (let round = 0; round < 2; round++)
      for (const text of ['b', 'a'])
        for (const turn of [1, 0])
          expect(await recorded.ask(asking(text), { ...plain, turn })).toEqual(
            saying(`${text} ${turn}`),
          )
    recorded.close()
  })

  it('gives a failure again as it was', async () => {
    const recorder = record(scripted(() => failing('slow down')))
    await recorder.ask(asking('a'), plain)
    expect(await replay().ask(asking('a'), plain)).toEqual(failing('slow down'))
  })

  it('counts the later of two recordings', async () => {
    let count = 0
    const recorder = record(scripted(() => (count++ === 0 ? failing('slow down') : saying('yes'))))
    await recorder.ask(asking('a'), plain)
    await recorder.ask(asking('a'), plain)
    expect(await replay().ask(asking('a'), plain)).toEqual(saying('yes'))
  })

  it('keeps nothing that the caller cancelled', async () => {
    const cancelled: ProviderAnswer = {
      ...failing('gone'),
      fault: { kind: 'cancelled', message: 'gone', status: null, retryAfterMs: null },
    } as ProviderAnswer
    await record(scripted(() => cancelled)).ask(asking('a'), plain)
    expect(readFileSync(file, 'utf8')).toBe('')
  })

  it.each([
    ['another question', asking('b'), 0],
    ['another turn', asking('a'), 1],
    ['another model', asking('a', { model: 'large' }), 0],
  ])('has no answer to %s, and says what to do', async (_, call, turn) => {
    await record(scripted(saying)).ask(asking('a'), plain)
    expect(await replay().ask(call, { ...plain, turn })).toMatchObject({
      kind: 'failed',
      fault: { kind: 'not-found', message: expect.stringContaining('record it first') },
    })
  })

  it('tells a streamed answer in parts that come to the same', async () => {
    await record(scripted(saying)).ask(asking('a', { streamed: true }), plain)
    const parts: Part[] = []
    const answer = await replay().ask(asking('a', { streamed: true }), {
      ...plain,
      onPart: (part) => parts.push(part),
    })
    expect(answer.kind === 'answered' && answer.reply).toEqual(foldParts(parts).reply)
  })

  it('holds no prompt unless asked, no key, and only what redaction leaves', async () => {
    const secret = `card 4111, key ${key}`
    const redact = (text: string) => text.replaceAll('4111', '[CARD]')
    await record(
      scripted(() => saying(secret)),
      { redact },
    ).ask(asking(`my ${key} question`), plain)
    await record(
      scripted(() => failing(secret)),
      { redact },
    ).ask(asking('q2'), plain)
    const text = readFileSync(file, 'utf8')
    expect(text).not.toMatch(/4111|question|capital/)
    expect(text).not.toContain(key)
    expect(text.split('[CARD]').length - 1).toBe(4)

    await record(scripted(saying), { keepCalls: true }).ask(asking(`my ${key} question`), plain)
    expect(readFileSync(file, 'utf8')).toContain('my [key] question')
    expect(readFileSync(file, 'utf8')).not.toContain(key)
  })

  it('is for its owner alone', async () => {
    await record(scripted(saying)).ask(asking('a'), plain)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('loses at most the last answer, wherever the file is cut, and can be gone on with', async () => {
    const texts = ['first', 'second “ü”', 'third']
    const recorder = record(scripted(saying))
    for (const text of texts) await recorder.ask(asking(text), plain)
    recorder.close()
    const whole = readFileSync(file)
    const ends = [...whole.keys()].filter((at) => whole[at] === 10)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (size) => {
        writeFileSync(file, whole)
        truncateSync(file, size)
        const kept = ends.filter((end) => end <= size).length
        const isKept = async (text: string) =>
          (await replay().ask(asking(text), plain)).kind === 'answered'
        expect(await Promise.all(texts.map(isKept))).toEqual(texts.map((_, at) => at < kept))
        const next = record(scripted(saying))
        await next.ask(asking('fourth'), plain)
        next.close()
        expect(await isKept('fourth')).toBe(true)
        expect(await Promise.all(texts.map(isKept))).toEqual(texts.map((_, at) => at < kept))
      }),
      { numRuns: 60 },
    )
  })

  it('is missed, or is none, by name', () => {
    expect(replay).toThrow(expect.objectContaining({ hint: 'record one first' }))
    appendFileSync(file, 'some\nother\nfile\n')
    expect(replay).toThrow(/is no cassette/)
  })
})
