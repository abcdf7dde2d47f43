import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldParts, openPartFolder, partsOfReply } from '../../src/dialects/fold-parts.ts'
import type { Part, Reply } from '../../src/domain/reply.ts'
import { noUsage } from '../../src/domain/usage.ts'
import { replies } from '../support/streamed-replies.ts'

const start: Part = { kind: 'start', id: 'msg_1', model: 'm' }
const usage = { ...noUsage, inputTokens: 3, outputTokens: 2 }
const finish: Part = { kind: 'finish', finish: 'stop', usage }
const blocksOf = (...parts: Part[]) => foldParts([start, ...parts, finish]).reply?.blocks

test('a whole answer as a stream folds to itself', () => {
  fc.assert(
    fc.property(replies, (reply) => {
      expect(foldParts(partsOfReply(reply))).toEqual({ reply, fault: null })
    }),
  )
})

test('what an answer has beside its blocks comes through', () => {
  const reply: Reply = {
    id: null,
    model: null,
    blocks: [],
    finish: 'stop',
    usage: null,
    fees: { webSearches: 2 },
    serviceTier: 'flex',
    loggedUsd: 0.01,
    warnings: ['inclusive-usage-ambiguous'],
  }
  expect(foldParts(partsOfReply(reply))).toEqual({ reply, fault: null })
})

test('tool calls that are written in turns stay apart', () => {
  expect(
    blocksOf(
      { kind: 'text', text: 'Let me ' },
      { kind: 'text', text: 'look.' },
      { kind: 'tool-call', index: 0, id: 'a', name: 'f' },
      { kind: 'tool-delta', index: 0, json: '{"x"' },
      { kind: 'tool-call', index: 1, id: 'b', name: 'g' },
      { kind: 'tool-delta', index: 1, json: '{' },
      { kind: 'tool-delta', index: 0, json: ':1}' },
      { kind: 'tool-delta', index: 1, json: '}' },
      { kind: 'text', text: 'Done.' },
    ),
  ).toEqual([
    { kind: 'text', text: 'Let me look.' },
    { kind: 'tool-call', id: 'a', name: 'f', input: '{"x":1}' },
    { kind: 'tool-call', id: 'b', name: 'g', input: '{}' },
    { kind: 'text', text: 'Done.' },
  ])
})

test('a signature ends a thought; an encrypted one stands alone', () => {
  expect(
    blocksOf(
      { kind: 'reasoning', text: 'a' },
      { kind: 'reasoning', text: 'b' },
      { kind: 'reasoning', text: '', signature: 's' },
      { kind: 'reasoning', text: 'c' },
      { kind: 'reasoning', text: '', signature: 'data', isEncrypted: true },
    ),
  ).toEqual([
    { kind: 'reasoning', text: 'ab', signature: 's' },
    { kind: 'reasoning', text: 'c' },
    { kind: 'reasoning', text: '', signature: 'data', isEncrypted: true },
  ])
})

const fault = { kind: 'overloaded', message: 'busy', status: null, retryAfterMs: null } as const

test('an error after some text leaves the text, its usage and the fault', () => {
  const parts: Part[] = [start, { kind: 'text', text: 'Hel' }, { kind: 'error', fault, usage }]
  expect(foldParts(parts)).toEqual({
    reply: {
      id: 'msg_1',
      model: 'm',
      blocks: [{ kind: 'text', text: 'Hel' }],
      finish: 'other',
      usage,
    },
    fault,
  })
})

test('an error before any content leaves no answer', () => {
  expect(foldParts([start, { kind: 'error', fault, usage: null }])).toEqual({ reply: null, fault })
})

test('a stream without its last part is cut off, and can be read at any moment', () => {
  const folder = openPartFolder()
  expect(folder.folded()).toMatchObject({ reply: null, fault: { kind: 'cut-off' } })
  folder.add(start)
  folder.add({ kind: 'text', text: 'a' })
  const early = folder.folded()
  folder.add({ kind: 'text', text: 'b' })
  folder.add(finish)
  folder.add({ kind: 'text', text: 'after the end' })
  expect(early).toMatchObject({ reply: { blocks: [{ text: 'a' }] }, fault: { kind: 'cut-off' } })
  expect(folder.folded()).toMatchObject({ reply: { blocks: [{ text: 'ab' }] }, fault: null })
})
