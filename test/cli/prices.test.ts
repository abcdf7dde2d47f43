import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/main.ts'
import { type FakeTerminal, fakeTerminal } from '../support/terminal.ts'

let terminal: FakeTerminal
beforeEach(() => {
  terminal = fakeTerminal()
})
afterEach(() => terminal.remove())

const prices = (...argv: string[]) => run(['prices', ...argv], terminal)
const json = () => JSON.parse(terminal.out())

const small = [
  {
    id: 'acme',
    name: 'Acme',
    api_pattern: 'acme',
    models: [
      {
        id: 'rocket-1',
        match: { equals: 'rocket-1' },
        prices: [
          { prices: { input_mtok: 3, output_mtok: 9 } },
          {
            constraint: { start_date: '2026-10-05' },
            prices: { input_mtok: 2, output_mtok: 6 },
          },
        ],
      },
    ],
  },
]

function priceFile(data: unknown = small): string {
  const path = join(terminal.folder, 'data.json')
  writeFileSync(path, typeof data === 'string' ? data : JSON.stringify(data))
  return path
}

describe('llmcost prices', () => {
  it('says which book it reads and how old it is', async () => {
    expect(await prices('o3', '--provider', 'openai')).toBe(0)
    expect(terminal.out()).toMatch(
      /^genai-prices 0\.1\.8, prices of 2026-09-23 \(\d+ days old\): \d+ models, USD per million/,
    )
    expect(terminal.out()).toMatch(/openai +o3 +2025-06-10 +2 +0\.5/)
  })

  it('lists only what was in force on a day', async () => {
    await prices('openai:o3', '--at', '2025-06-09', '--format', 'json')
    const before = json().prices.filter((row: { model: string }) => row.model === 'o3')
    expect(before.map((row: { bands: object }) => row.bands)).toEqual([
      [{ above: null, usdPerMillion: { input: 10, cacheRead: 0.5, output: 40 } }],
    ])
    terminal.clear()
    await prices('openai:o3', '--at', '2025-06-10', '--format', 'json')
    const after = json().prices.filter((row: { model: string }) => row.model === 'o3')
    expect(after.map((row: { since: string }) => row.since)).toEqual(['2025-06-10'])
  })

  it('lists bands line by line, and the same columns always in CSV', async () => {
    await prices('gemini-2.5-pro', '--provider', 'google', '--format', 'csv')
    const [head, low, high] = terminal.out().split('\n')
    expect(head).toMatch(/^provider,model,since,hours,above,input,cacheRead,/)
    expect(low).toMatch(/^google,gemini-2\.5-pro,,,,1\.25,0\.125,,,10,/)
    expect(high).toMatch(/^google,gemini-2\.5-pro,,,200000,2\.5,0\.25,,,15,/)
  })

  it('lists overrides first, until they end', async () => {
    const file = join(terminal.folder, 'own.yaml')
    writeFileSync(
      file,
      'prices:\n  - target: openai:gpt-4o\n    to: 2026-01-01\n    rates: { input: 1, output: 2 }\n',
    )
    await prices('gpt-4o', '--prices', file, '--format', 'json')
    expect(json().prices[0].source).toContain('override')
    terminal.clear()
    await prices('gpt-4o', '--prices', file, '--at', '2026-02-01', '--format', 'json')
    expect(json().prices[0].source).toBe('genai-prices 0.1.8')
  })

  it.each([
    [['gpt-4o-mimi'], 'unknown model "gpt-4o-mimi"', 'did you mean "gpt-4o-mini"'],
    [['qqqqqqqq'], 'unknown model "qqqqqqqq"', '- target: "qqqqqqqq"'],
    [['--provider', 'antropic'], 'unknown provider "antropic"', 'did you mean anthropic'],
    [['gpt-4o', '--at', 'soon'], '--at "soon" is no date', '2026-08-01'],
  ])('exits 2 for %j', async (argv, message, hint) => {
    expect(await prices(...argv)).toBe(2)
    expect(terminal.err()).toContain(`error: ${message}`)
    expect(terminal.err()).toContain(hint)
    expect(terminal.out()).toBe('')
  })
})

describe('llmcost prices update', () => {
  const stored = () => terminal.env['LLMCOST_PRICE_DATA'] ?? ''

  it('uses a checked file from then on, dated by its newest start date, until it is reset', async () => {
    expect(await prices('update', '--file', priceFile())).toBe(0)
    expect(terminal.out()).toContain('1 models of 1 providers, prices of 2026-10-05')
    expect(statSync(stored()).mode & 0o777).toBe(0o600)
    terminal.clear()
    await prices('rocket-1', '--format', 'json')
    expect(json().book).toMatchObject({ date: '2026-10-05', file: stored() })
    expect(json().prices.length).toBe(2)
    terminal.clear()
    expect(await prices('update', '--reset')).toBe(0)
    expect(terminal.out()).toBe('back to genai-prices 0.1.8, prices of 2026-09-23\n')
    expect(existsSync(stored())).toBe(false)
  })

  it('takes the stated day, and warns of one older than the bundled file', async () => {
    await prices('update', '--file', priceFile(), '--date', '2026-01-31')
    expect(JSON.parse(readFileSync(stored(), 'utf8')).date).toBe('2026-01-31')
    expect(terminal.err()).toContain('is newer (2026-09-23)')
  })

  it('asks for a day where the file names none', async () => {
    const [acme] = small
    const undated = [
      { ...acme, models: [{ ...acme?.models[0], prices: { input_mtok: 3, output_mtok: 9 } }] },
    ]
    expect(await prices('update', '--file', priceFile(undated))).toBe(2)
    expect(terminal.err()).toContain('--date 2026-08-01')
    expect(existsSync(stored())).toBe(false)
  })

  it.each([
    ['not json', 'is not JSON'],
    ['[]', 'at least one provider'],
    [
      '[{"id":"a","models":[{"id":"m","match":{"equals":"m"},"prices":{"input":1}}]}]',
      'a price key of genai-prices',
    ],
  ])('refuses %s and keeps what was there', async (text, message) => {
    await prices('update', '--file', priceFile())
    terminal.clear()
    expect(await prices('update', '--file', priceFile(text), '--date', '2026-01-01')).toBe(2)
    expect(terminal.err()).toContain(message)
    expect(JSON.parse(readFileSync(stored(), 'utf8')).date).toBe('2026-10-05')
  })

  it('wants one of --file, --url and --reset', async () => {
    expect(await prices('update')).toBe(2)
    expect(await prices('update', '--reset', '--file', 'x')).toBe(2)
    expect(await prices('update', '--file', 'no-such-file.json')).toBe(2)
    expect(terminal.err()).toContain('no such file: no-such-file.json')
  })
})

describe('llmcost prices update --url', () => {
  let server: Server
  let address: string
  let answer: { status: number; headers: Record<string, string>; body: string | Buffer }

  beforeEach(async () => {
    answer = { status: 200, headers: {}, body: JSON.stringify(small) }
    server = createServer((_, response) => {
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
    await new Promise<void>((resume) => server.listen(0, '127.0.0.1', resume))
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.json`
  })
  afterEach(() => {
    server.close()
  })

  it('takes the day from Last-Modified, else from the file', async () => {
    answer.headers = { 'last-modified': 'Wed, 21 Oct 2026 07:28:00 GMT' }
    expect(await prices('update', '--url', address)).toBe(0)
    expect(terminal.out()).toContain('prices of 2026-10-21 (when its server says it was changed)')
    answer.headers = {}
    terminal.clear()
    await prices('update', '--url', address)
    expect(terminal.out()).toContain('prices of 2026-10-05 (the newest start date in it)')
  })

  it('says what went wrong', async () => {
    answer.status = 404
    expect(await prices('update', '--url', address)).toBe(2)
    expect(terminal.err()).toContain('could not be fetched: HTTP 404')
    answer = { status: 200, headers: {}, body: Buffer.alloc(41_000_000, 32) }
    expect(await prices('update', '--url', address)).toBe(2)
    expect(terminal.err()).toContain('over 40 MB')
    expect(await prices('update', '--url', 'http://127.0.0.1:1/data.json')).toBe(2)
    expect(terminal.err()).toContain('could not be fetched')
  })

  it('fetches nothing over plain http or around a proxy', async () => {
    expect(await prices('update', '--url', 'http://example.com/data.json')).toBe(2)
    expect(terminal.err()).toContain('is no https address')
    const behind = fakeTerminal({ env: { HTTPS_PROXY: 'http://proxy:3128' } })
    const url = 'https://example.invalid/data.json'
    expect(await run(['prices', 'update', '--url', url], behind)).toBe(2)
    expect(behind.err()).toContain('does not fetch through a proxy')
    behind.remove()
  })
})
