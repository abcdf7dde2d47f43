import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newTerminal, removeTerminals, rowsOf, runIn } from '../support/cli.ts'
import {
  additionsLog,
  fileIn,
  ladderPolicy,
  plantedKey,
  replayedIn,
} from '../support/replay-cli.ts'
import type { FakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal

beforeEach(() => {
  // Nobody listens there: whatever is asked of a model in this file would fail.
  terminal = newTerminal({
    env: {
      OPENAI_API_KEY: plantedKey,
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
      ANTHROPIC_API_KEY: plantedKey,
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
    },
  })
})
afterEach(removeTerminals)

type Line = { readonly custom_id: string; readonly body?: Body; readonly params?: Body }
type Body = { readonly model: string; readonly messages: readonly object[] }

/** What a round of batch files asks, by model. */
function linesIn(folder: string): ReadonlyMap<string, readonly Line[]> {
  const byModel = new Map<string, Line[]>()
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), 'utf8')
    // Anthropic takes one object with all requests, OpenAI one a line.
    const lines = text.trimStart().startsWith('{"requests"')
      ? (JSON.parse(text) as { requests: Line[] }).requests
      : text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Line)
    for (const line of lines) {
      const model = (line.body ?? line.params)?.model ?? ''
      byModel.set(model, [...(byModel.get(model) ?? []), line])
    }
  }
  return byModel
}

/** 1,000 tokens in and 100 out, as the services write them. */
const openAiResult = ({ custom_id }: Line, content: string): object => ({
  id: `batch_req_${custom_id}`,
  custom_id,
  response: {
    status_code: 200,
    body: {
      id: 'c1',
      object: 'chat.completion',
      model: 'gpt-4o',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
      usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 },
    },
  },
  error: null,
})
const anthropicResult = ({ custom_id }: Line, text: string): object => ({
  custom_id,
  result: {
    type: 'succeeded',
    message: {
      id: 'm1',
      type: 'message',
      role: 'assistant',
      model: 'claude-haiku-4-5',
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1000, output_tokens: 100 },
    },
  },
})

const resultFile = (name: string, results: readonly object[]): string =>
  fileIn(terminal, name, `${results.map((each) => JSON.stringify(each)).join('\n')}\n`)

test('a replay goes through batch services of two vendors at half the price', async () => {
  const haiku = fileIn(terminal, 'haiku.yaml', ladderPolicy(['anthropic:claude-haiku-4-5']))
  const argv = [additionsLog(terminal, 6), '--policy', haiku]
  const folder = join(terminal.folder, 'batch')
  const written = await runIn(terminal, 'replay', ...argv, '--write-batch', folder)
  expect(written.code).toBe(0)
  expect(written.out).toMatch(/6 calls for anthropic/)
  expect(written.out).toMatch(/6 calls for openai/)
  expect(written.out).not.toContain(plantedKey)
  const lines = linesIn(folder)
  expect([...lines.keys()].sort()).toEqual(['claude-haiku-4-5', 'gpt-4o'])
  // A second round would be written over files whose results are to come.
  const twice = await runIn(terminal, 'replay', ...argv, '--write-batch', folder)
  expect(twice).toMatchObject({ code: 2, err: expect.stringContaining('is there already') })

  const answers = [
    ...(lines.get('claude-haiku-4-5') ?? []).map((line) => anthropicResult(line, 'no idea at all')),
    { custom_id: 'somebody-elses', result: { type: 'expired' } },
  ]
  const first = resultFile('anthropic.jsonl', answers)
  const second = resultFile(
    'openai.jsonl',
    (lines.get('gpt-4o') ?? []).map((line) => openAiResult(line, 'no idea at all')),
  )
  const read = ['--read-batch', first, '--read-batch', second]
  const result = await replayedIn(terminal, ...argv, ...read)
  expect(result).toMatchObject({ end: 'complete', unsettled: { noAnswer: 0 } })
  // Haiku 4.5 is $1 and $5 a million tokens, GPT-4o $2.50 and $10: half of it, six times.
  const usd = (6 / 2) * ((1000 * 1 + 100 * 5) / 1e6 + (1000 * 2.5 + 100 * 10) / 1e6)
  expect(result.spentUsd).toBeCloseTo(usd, 9)
  expect(await rowsOf(terminal, 'SELECT DISTINCT isBatch FROM replies')).toEqual([{ isBatch: 1 }])
  const again = await runIn(terminal, 'replay', ...argv, '--read-batch', first)
  expect(again.err).toContain('known already')
  const done = await runIn(terminal, 'replay', ...argv, '--write-batch', `${folder}2`)
  expect(done.out).toBe('nothing is left to ask\n')
})

test('a ladder whose first answers are rejected needs a second round', async () => {
  const short = [{ kind: 'length', min: 20 }]
  const ladder = ladderPolicy(['openai:gpt-4o-mini', 'openai:gpt-4.1'], short)
  const argv = [additionsLog(terminal, 4), '--policy', fileIn(terminal, 'ladder.yaml', ladder)]
  const results = (folder: string, answer: (model: string, index: number) => string) =>
    resultFile(
      `${basename(folder)}.jsonl`,
      [...linesIn(folder)].flatMap(([model, all]) =>
        all.map((line, index) => openAiResult(line, answer(model, index))),
      ),
    )
  const [one, two] = [join(terminal.folder, 'one'), join(terminal.folder, 'two')]
  await runIn(terminal, 'replay', ...argv, '--write-batch', one)
  expect([...linesIn(one).keys()].sort()).toEqual(['gpt-4o', 'gpt-4o-mini'])
  const long = 'an answer of twenty characters or more'
  const first = results(one, (model, index) =>
    model === 'gpt-4o-mini' && index < 3 ? 'short' : long,
  )
  const next = await runIn(terminal, 'replay', ...argv, '--read-batch', first, '--write-batch', two)
  expect(next).toMatchObject({ code: 0, out: expect.stringContaining('3 calls for openai') })
  expect([...linesIn(two).keys()]).toEqual(['gpt-4.1'])
  const second = results(two, () => long)
  const result = await replayedIn(terminal, ...argv, '--read-batch', second, '--yes')
  expect(result).toMatchObject({ end: 'complete', escalations: { count: 3, of: 4 } })
  expect(result.plan).toMatchObject({ calls: 0, storedCalls: 11 })
})
