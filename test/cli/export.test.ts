import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/main.ts'
import { openDatabase } from '../../src/store/database.ts'
import { type FakeTerminal, fakeTerminal } from '../support/terminal.ts'

const folder = 'fixtures/logs'
const formats = 'fixtures/logs/formats'
const isLog = (name: string) => /\.(jsonl|csv|sql|json)$/.test(name) && name !== 'expected.json'
const files = [
  ...readdirSync(folder)
    .filter(isLog)
    .map((name) => join(folder, name)),
  ...readdirSync(formats)
    .filter(isLog)
    .map((name) => join(formats, name)),
]

/** How a user reads the files that no format claims by itself. */
const flagsFor: Readonly<Record<string, string>> = {
  'generic.csv':
    '--map id=row --map at=when --map user=customer --map feature=area --map model=engine --map prompt=question --map answer.text=reply --map usage.inputTokens=fresh_tokens --map usage.cacheReadTokens=cached_tokens --map usage.outputTokens=out_tokens --map costUsd=dollars',
  'document-answers.csv':
    '--map id=id --map at=timestamp --map user=customer --map plan=plan --map model=model --map documentVersion=document_version --map prompt=question --map answer.text=answer --map usage.inputTokens=uncached_input_tokens --map usage.cacheReadTokens=cached_input_tokens --map usage.cacheWrite5mTokens=cache_write_tokens --map usage.outputTokens=output_tokens --map latencyMs=latency_ms --map firstTokenMs=first_token_ms --map status=status --map costUsd=cost_usd',
}
/** Sums by the day, and questions without their answers. */
const withoutRequests = [
  'anthropic-console.csv',
  'deepseek.csv',
  'openai-batch.input.jsonl',
  'openai-usage.csv',
]

let terminals: FakeTerminal[] = []
beforeEach(() => {
  terminals = []
})
afterEach(() => {
  for (const terminal of terminals) terminal.remove()
})

function open(): FakeTerminal {
  const terminal = fakeTerminal()
  terminals.push(terminal)
  return terminal
}

/** What must survive: how many, how much, and which requests were alike. */
const totals = `SELECT count(*) AS requests, sum(inputTokens) AS input, sum(cacheReadTokens) AS cacheRead,
  sum(cacheWrite5mTokens) AS write5m, sum(cacheWrite1hTokens) AS write1h, sum(outputTokens) AS output,
  sum(reasoningTokens) AS reasoning, sum(cost) AS cost, sum(costInput) AS costInput, sum(costOutput) AS costOutput,
  sum(costTools) AS costTools, sum(costOther) AS costOther, sum(loggedCost) AS logged, sum(latencyMs) AS latencyMs,
  sum(at) AS at, sum(flags & 0xfff) AS flags, count(DISTINCT exactKey) AS exactKeys,
  count(DISTINCT questionKey) AS questions, count(DISTINCT answerKey) AS answers, count(DISTINCT user) AS users,
  count(DISTINCT session) AS sessions, count(DISTINCT trace) AS traces FROM requests`

async function totalsOf({ database }: FakeTerminal): Promise<object> {
  const store = await openDatabase(database, { readOnly: true })
  const row = { ...store.prepare(totals).get() }
  store.close()
  return row
}

/** The log as it lies there; of a database its file, made from the SQL that stands for it. */
async function logFile(path: string, { folder: place }: FakeTerminal): Promise<string> {
  if (!path.endsWith('.sql')) return path
  const made = join(place, 'logs.db')
  const database = await openDatabase(made)
  database.exec(`PRAGMA foreign_keys = OFF; ${readFileSync(path, 'utf8')}
    CREATE TABLE IF NOT EXISTS messages (hash, parent_hash, role);
    CREATE TABLE IF NOT EXISTS parts (message_hash, position, type, tool_name, text, payload);`)
  database.close()
  return made
}

async function ingest(terminal: FakeTerminal, path: string, ...flags: string[]): Promise<void> {
  const needed = flagsFor[basename(path)]?.split(' ') ?? []
  const code = await run(['ingest', path, '--quiet', ...needed, ...flags], terminal)
  expect(terminal.err()).toBe('')
  expect(code).toBe(0)
  terminal.clear()
}

async function exported(terminal: FakeTerminal, ...flags: string[]): Promise<string> {
  expect(await run(['export', '--canonical', ...flags], terminal)).toBe(0)
  const text = terminal.out()
  terminal.clear()
  return text
}

const support = join(folder, 'support-copilot.jsonl')

describe('llmcost export --receipts', () => {
  const decided = async (terminal: FakeTerminal, ...flags: string[]): Promise<string> => {
    expect(await run(['export', '--receipts', ...flags], terminal)).toBe(0)
    const text = terminal.out()
    terminal.clear()
    return text
  }

  it('writes what simulate writes, to standard output or to a file', async () => {
    const terminal = open()
    const simulated = join(terminal.folder, 'simulated.jsonl')
    expect(await run(['simulate', support, '--quiet', '--receipts', simulated], terminal)).toBe(0)
    terminal.clear()
    const expected = readFileSync(simulated, 'utf8')
    expect(expected.split('\n').length).toBeGreaterThan(300)
    expect(await decided(terminal, '--quiet')).toBe(expected)
    const out = join(terminal.folder, 'receipts.jsonl')
    expect(await decided(terminal, '--quiet', '--out', out)).toBe('')
    expect(readFileSync(out, 'utf8')).toBe(expected)
    expect(statSync(out).mode & 0o777).toBe(0o600)
  })

  it('decides by the policy it is given, on the requests that are chosen', async () => {
    const terminal = open()
    await ingest(terminal, support)
    const policy = join(terminal.folder, 'own.yaml')
    writeFileSync(policy, 'cache:\n  namespace: shared\n  exact: off\n')
    const lines = (text: string) => text.trimEnd().split('\n')
    const all = lines(await decided(terminal, '--quiet', '--policy', policy))
    expect(all.filter((line) => line.includes('"outcome":"hit"'))).toEqual([])
    const some = lines(await decided(terminal, '--quiet', '--policy', policy, '--since', '2d'))
    expect(some.length).toBeLessThan(all.length)
    expect(all).toEqual(expect.arrayContaining(some))
  })

  it('refuses flags that do not go together', async () => {
    const terminal = open()
    await ingest(terminal, support)
    expect(await run(['export', '--receipts', '--canonical'], terminal)).toBe(2)
    expect(await run(['export', '--policy', 'own.yaml'], terminal)).toBe(2)
    expect(terminal.err()).toContain('add --receipts')
  })
})

describe('llmcost export', () => {
  it.each(files)('%s gives the same totals when its export is read again', async (path) => {
    const first = open()
    await ingest(first, await logFile(path, first))
    const before = await totalsOf(first)
    const hasNone = withoutRequests.includes(basename(path))
    expect((before as { requests: number }).requests > 0).toBe(!hasNone)
    if (hasNone) {
      expect(await run(['export'], first)).toBe(2)
      return
    }
    const out = join(first.folder, 'export.jsonl')
    expect(await exported(first, '--out', out)).toBe('')
    const second = open()
    await ingest(second, out)
    expect(await totalsOf(second)).toEqual(before)
    expect(await exported(second)).toBe(readFileSync(out, 'utf8'))
  })

  it.each(['hash', 'none'])(
    'exports without text what was kept with --content %s',
    async (mode) => {
      const first = open()
      await ingest(first, support, '--content', mode)
      const out = join(first.folder, 'export.jsonl')
      await exported(first, '--out', out)
      const second = open()
      await ingest(second, out)
      const { exactKeys, questions, answers, flags, ...before } = (await totalsOf(first)) as Record<
        string,
        number
      >
      expect(await totalsOf(second)).toMatchObject(before)
      expect(readFileSync(out, 'utf8')).not.toContain('"prompt"')
    },
  )

  it('brings back odd prompts as they were', async () => {
    const tool = { type: 'function', function: { name: 'find', parameters: { b: 1, a: [2] } } }
    const call = { id: 'c1', type: 'function', function: { name: 'find', arguments: '{}' } }
    const user = { role: 'user', content: 'hi' }
    const image = { type: 'image_url', image_url: { url: 'data:' } }
    const odd: readonly Record<string, unknown>[] = [
      { prompt: { system: 'one', messages: [{ role: 'system', content: 'two' }, user] } },
      { prompt: { messages: [{ role: 'developer', content: 'be brief' }, user] } },
      {
        prompt: {
          system: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
          messages: [user],
        },
      },
      { prompt: { messages: [user], tools: [tool] }, answer: { toolCalls: [call] } },
      { prompt: { messages: [user], tools: [tool] }, answer: { text: 'wait', toolCalls: [call] } },
      {
        prompt: {
          messages: [
            { role: 'assistant', content: null, tool_calls: [call] },
            { role: 'tool', tool_call_id: 'c1', content: 'x' },
          ],
        },
      },
      { prompt: { messages: [{ role: 'user', content: [{ type: 'text', text: '' }, image] }] } },
      { prompt: '{"content":"looks like JSON"}', answer: { text: '' } },
      { prompt: 'no usage here', usage: undefined, answer: { text: 'counted' } },
      { prompt: 'variants', responseId: 'msg_1', id: undefined, variant: 'a' },
      { prompt: 'variants', responseId: 'msg_1', id: undefined, variant: 'b' },
    ]
    const first = open()
    const path = join(first.folder, 'odd.jsonl')
    const usage = { inputTokens: 10, outputTokens: 5 }
    const at = '2026-08-01T00:00:00Z'
    const lines = odd.map((record, index) =>
      JSON.stringify({ v: 1, id: `r${index}`, at, model: 'gpt-4o', usage, ...record }),
    )
    writeFileSync(path, `${lines.join('\n')}\n`)
    await ingest(first, path)
    const out = join(first.folder, 'export.jsonl')
    await exported(first, '--out', out)
    const second = open()
    await ingest(second, out)
    const before = await totalsOf(first)
    expect(before).toMatchObject({ requests: odd.length, exactKeys: odd.length - 2 })
    expect(await totalsOf(second)).toEqual(before)
    expect(await exported(second)).toBe(readFileSync(out, 'utf8'))
  })

  it('keeps requests of two formats apart that have one id', async () => {
    const first = open()
    const record = { id: 'r1', model: 'gpt-4o', usage: { prompt_tokens: 3, completion_tokens: 4 } }
    const chat = { object: 'chat.completion', created: 1785574073, choices: [], ...record }
    const own = {
      v: 1,
      at: '2026-08-01T08:47:53Z',
      ...record,
      usage: { inputTokens: 3, outputTokens: 4 },
    }
    for (const [name, line] of Object.entries({ chat, own })) {
      const path = join(first.folder, `${name}.jsonl`)
      writeFileSync(path, `${JSON.stringify(line)}\n`)
      await ingest(first, path)
    }
    const out = join(first.folder, 'export.jsonl')
    await exported(first, '--out', out)
    const second = open()
    await ingest(second, out)
    expect(await totalsOf(second)).toMatchObject({ requests: 2, input: 6 })
  })

  it('survives redaction', async () => {
    const first = open()
    await ingest(first, support, '--redact')
    const text = await exported(first)
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)).length,
    ).toBe(307)
  })

  it('exports what the filters ask for, each request once', async () => {
    const terminal = open()
    await ingest(terminal, support)
    const all = (await exported(terminal)).trimEnd().split('\n')
    const later = (await exported(terminal, '--since', '7d')).trimEnd().split('\n')
    expect(later.length).toBeLessThan(all.length)
    const model = JSON.parse(all[0] ?? '').model
    const some = (await exported(terminal, '--where', `model=${model}`)).trimEnd().split('\n')
    expect(new Set(some.map((line) => JSON.parse(line).model))).toEqual(new Set([model]))
    expect(await exported(terminal, '--where', 'feature=no-such-feature')).toBe('')
  })

  it('writes a file for its owner only, and none at all when it fails', async () => {
    const terminal = open()
    await ingest(terminal, support)
    const out = join(terminal.folder, 'out.jsonl')
    await exported(terminal, '--out', out)
    expect(statSync(out).mode & 0o777).toBe(0o600)
    const nowhere = join(terminal.folder, 'no', 'out.jsonl')
    expect(await run(['export', '--out', nowhere], terminal)).toBe(2)
    expect(terminal.err()).toContain('cannot be written (ENOENT)')
  })

  it('exits 2 where there is nothing to export', async () => {
    const terminal = open()
    expect(await run(['export'], terminal)).toBe(2)
    expect(terminal.err()).toContain('hint:')
  })
})
