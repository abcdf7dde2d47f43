import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Prompt } from '../../src/domain/request.ts'
import { keyHash, requestKeys } from '../../src/engine/cache-key.ts'
import { questionOf } from '../../src/engine/question.ts'
import { loadEvidence } from '../../src/ingest/evidence.ts'
import { evidencePair, indexEvidence } from '../../src/ingest/evidence-table.ts'
import { apgr, outcomesOf, routerCurve } from '../../src/stats/routing-metrics.ts'
import { hasRealData } from '../support/real-data.ts'
import { routellmFile } from '../support/routellm.ts'

const hash = keyHash('secret')
const ports = { questionOf: (prompt: Prompt) => questionOf(prompt, hash) }
const keyOf = (prompt: Prompt) => questionOf(prompt, hash)
const folder = mkdtempSync(join(tmpdir(), 'llmcost-evidence-'))

let written = 0
async function load(text: string | Buffer, ending = 'jsonl') {
  const path = join(folder, `${++written}.${ending}`)
  writeFileSync(path, text)
  const { evidence, files } = await loadEvidence([path], ports)
  const scores = evidence.scores.map((column) => [...column])
  return { evidence, file: files[0], scores, models: evidence.models }
}

const lines = (...records: readonly unknown[]): string =>
  records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))).join('\n')

describe('evidence in rows with a score per model', () => {
  it('is read with ids, prompts, outputs, costs and tokens', async () => {
    const { evidence, models, scores } = await load(
      lines(
        {
          id: 'q1',
          prompt: 'What is a ledger?',
          scores: { small: 1, 'openai:gpt-4o': 0.5 },
          outputs: { small: 'A book.' },
          costs: { small: 0.0001, 'openai:gpt-4o': '0.002' },
          tokens: { small: { input: 10, output: 3 } },
        },
        { id: 2, scores: { small: false, 'openai:gpt-4o': null, third: 'pass' } },
      ),
    )
    expect(models).toEqual(['small', 'openai:gpt-4o', 'third'])
    expect(scores).toEqual([
      [1, 0],
      [0.5, Number.NaN],
      [Number.NaN, 1],
    ])
    expect(evidence.rows.map(({ id, text }) => [id, text])).toEqual([
      ['q1', 'What is a ledger?'],
      ['2', null],
    ])
    expect(evidence.costsNanoUsd.map((column) => column[0])).toEqual([
      100_000,
      2_000_000,
      Number.NaN,
    ])
    expect(evidence.inputTokens[0]?.[0]).toBe(10)
    expect(evidence.outputTokens[0]?.[0]).toBe(3)
    expect(evidence.outputs[0]).toEqual(['A book.', null])
  })

  it.each([
    ['columns that say so', 'id,score:a,score:b:c,weight\n7,1,0.25,9\n', ['a', 'b:c']],
    ['plain columns', 'sample_id,prompt,a,b,eval_name\n7,Why?,1,0.25,math\n', ['a', 'b']],
    [
      'columns with their neighbours',
      'prompt,a,b,a|model_response,a|total_cost,b|total_cost\nWhy?,1.0,.25,Because,0.1,0.2\n',
      ['a', 'b'],
    ],
    ['an object in a cell', 'id;scores\n7;"{""a"": 1, ""b"": 0.25}"\n', ['a', 'b']],
  ])('is read from CSV: %s', async (_, text, names) => {
    const { models, scores } = await load(text, 'csv')
    expect(models).toEqual(names)
    expect(scores).toEqual([[1], [0.25]])
  })

  it('is read from one row per model and question, repeats averaged', async () => {
    const { models, scores, evidence } = await load(
      JSON.stringify([
        { prompt: 'A?', model: 'x', score: 1, output: 'first' },
        { prompt: 'A?', model: 'y', correct: true },
        { prompt: 'A?', model: 'x', score: 0, output: 'second' },
        { prompt: 'B?', model: 'x', score: 'fail' },
      ]),
      'json',
    )
    expect(models).toEqual(['x', 'y'])
    expect(scores).toEqual([
      [0.5, 0],
      [1, Number.NaN],
    ])
    expect(evidence.outputs[0]).toEqual(['first', null])
  })

  it('counts and locates what it cannot read', async () => {
    const { file, models } = await load(
      lines(
        { id: 1, scores: { a: 1 } },
        'not json',
        '[1]',
        { scores: { a: 1 } },
        { id: 3, prompt: 'no scores' },
        { id: 4, scores: { a: 'great' } },
        '',
        { id: 5, scores: { a: 0 } },
        '{"id": 6, "scor',
      ),
    )
    expect(models).toEqual(['a'])
    expect(file).toMatchObject({
      records: 8,
      rejected: { 'no-json-object': 3, 'no-question': 1, 'no-score': 1, 'bad-score': 1 },
      places: [
        { line: 2, reason: 'no-json-object' },
        { line: 3, reason: 'no-json-object' },
        { line: 4, reason: 'no-question' },
        { line: 5, reason: 'no-score' },
        { line: 6, reason: 'bad-score' },
        { line: 9, reason: 'no-json-object' },
      ],
    })
  })

  it('takes hostile names for names', async () => {
    const { models, scores } = await load('{"id":"a","scores":{"__proto__":1,"constructor":0}}')
    expect(models).toEqual(['__proto__', 'constructor'])
    expect(scores).toEqual([[1], [0]])
  })

  it('is read compressed, and refused where there is none', async () => {
    const { scores } = await load(gzipSync(lines({ id: 1, scores: { a: 1 } })), 'jsonl.gz')
    expect(scores).toEqual([[1]])
    await expect(load('{"id": 1}\n')).rejects.toThrow('no scores in')
    await expect(load('plain words\n')).rejects.toThrow('neither JSON nor CSV')
    await expect(load(gzipSync('x'.repeat(1e5)).subarray(0, 60), 'gz')).rejects.toThrow()
  })
})

describe('promptfoo results', () => {
  const result = (provider: string, raw: string, rest: object) => ({
    provider: { id: provider },
    promptIdx: 0,
    testIdx: 0,
    prompt: { raw },
    response: { output: 'Yes.', tokenUsage: { total: 12, prompt: 10, completion: 2 } },
    success: true,
    score: 1,
    cost: 0.001,
    latencyMs: 300,
    ...rest,
  })

  it('are one row per prompt, with a column per provider', async () => {
    const chat = JSON.stringify([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Is it?' },
    ])
    const results = [
      result('openai:chat:gpt-4o-mini', chat, { score: 0.25, success: false }),
      result('openai:chat:gpt-4o', chat, { promptIdx: 1 }),
      result('openai:chat:gpt-4o', 'Is it?', { promptIdx: 2, score: undefined }),
      result('openai:chat:gpt-4o', 'Was it?', { failureReason: 2, error: '500' }),
    ]
    const document = { evalId: 'e', results: { version: 3, prompts: [{ raw: chat }], results } }
    const { evidence, models, scores, file } = await load(JSON.stringify(document, null, 2), 'json')
    expect(models).toEqual(['openai:gpt-4o-mini', 'openai:gpt-4o'])
    expect(scores).toEqual([
      [0.25, Number.NaN],
      [1, 1],
    ])
    expect(evidence.rows.map(({ text }) => text)).toEqual(['Is it?', 'Is it?'])
    expect(evidence.costsNanoUsd[0]?.[0]).toBe(1_000_000)
    expect([evidence.inputTokens[1]?.[0], evidence.outputTokens[1]?.[0]]).toEqual([10, 2])
    expect(evidence.latenciesMs[1]?.[0]).toBe(300)
    expect(file).toMatchObject({ records: 4, ignored: { 'provider-error': 1 }, rejected: {} })
  })
})

describe('finding the evidence about a request', () => {
  const user = (content: string) => ({ role: 'user', content })
  const withSystem: Prompt = { system: 'Be brief.', messages: [user('Is it?')] }
  const plain: Prompt = { messages: [user('Is it?')] }

  it('prefers the whole prompt, then the id, then the question', async () => {
    const { evidence } = await load(
      lines(
        { id: 'a', prompt: 'Is it?', scores: { m: 1 } },
        {
          id: 'b',
          prompt: [{ role: 'system', content: 'Be brief.' }, user('Is it?')],
          scores: { m: 1 },
        },
        { id: '3', scores: { m: 1 } },
      ),
    )
    const find = indexEvidence(evidence)
    expect(find(keyOf(withSystem))).toEqual([1])
    expect(find(keyOf(plain))).toEqual([0])
    expect(find(keyOf({ system: 'Other', messages: [user('Is it?')] }))).toEqual([0, 1])
    expect(find({ id: '3' })).toEqual([2])
    expect(find({ id: '3', ...keyOf({ messages: [user('Anything')] }) })).toEqual([2])
    expect(find({ id: 'a' })).toEqual([0])
    expect(find({ id: 'a', ...keyOf({ messages: [user('Was it?')] }) })).toEqual([])
    expect(find({})).toEqual([])
  })

  it('uses the same question key as the requests of a log', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (system, text) => {
        const prompt: Prompt = { system, messages: [user('earlier'), user(text)] }
        const request = { model: 'm', operation: 'chat', status: 'ok', prompt } as const
        const keys = requestKeys(request, hash)
        const { promptKey, questionKey } = keyOf(prompt)
        expect(questionKey).toBe(keys.questionKey)
        expect(keys.exactKey?.endsWith(promptKey ?? '?')).toBe(true)
      }),
    )
  })
})

it.skipIf(!hasRealData)(
  'reads public evidence on which a router is judged as published',
  async () => {
    const { evidence, files } = await loadEvidence([routellmFile], ports)
    expect(files[0]).toMatchObject({ records: 1307, ignored: {}, rejected: {} })
    expect(evidence.models).toHaveLength(2)
    const pair = evidencePair(evidence, 0, 1)
    expect(outcomesOf(pair)).toMatchObject({ weakBetter: 94, strongBetter: 382, bothRight: 739 })
    const lengths = Array.from(pair.rows, (row) => evidence.rows[row]?.text?.length ?? 0)
    expect(apgr(routerCurve(pair, lengths))).toBeCloseTo(0.5977, 4)
  },
)
