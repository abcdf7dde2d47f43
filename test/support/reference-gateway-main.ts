import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Pool } from 'undici'
import type { Flaw } from './gateway-program.ts'

/**
 * The smallest gateway that keeps its word: an intent before each call, a receipt after it, whatever becomes of either
 * side. Each `--flaw` is a way in which it does not, for a check of gateways to notice.
 */
const { values: flags } = parseArgs({
  options: {
    upstream: { type: 'string', default: '' },
    journal: { type: 'string', default: '' },
    'admin-port': { type: 'string', default: '0' },
    flaw: { type: 'string', multiple: true, default: [] },
  },
})

const has = (flaw: Flaw): boolean => flags.flaw.includes(flaw)

const journal = openSync(flags.journal, 'a')
const write = (entry: object) => writeSync(journal, `${JSON.stringify(entry)}\n`)

const pool = new Pool(flags.upstream, { connections: 256, pipelining: 1 })
const kept: Buffer[] = []
let requests = 0

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => serve(request, response, Buffer.concat(chunks)))
})

function serve(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const number = ++requests
  leak(number)
  const model = modelIn(body)
  if (model === null) {
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{}}')
    return
  }
  const id = `req_${Date.now().toString(36)}_${process.pid}_${number}`
  const spender = { session: String(request.headers['x-llmcost-session'] ?? '') }
  // More than any answer of the mock costs.
  const intent = { kind: 'begun', id, attempt: 1, at: Date.now(), target: `openai:${model}` }
  const begin = () => write({ ...intent, reservedNanoUsd: 1_000_000, spender })
  const settle = (costNanoUsd: number) => {
    if (has('loses-receipts') && number % 6 === 0) return
    const receipt = { id, steps: [{ kind: 'attempt' }], costNanoUsd }
    const entry = { ...intent, kind: 'settled', costNanoUsd, spender, record: {}, keys: null }
    write({ ...entry, receipt })
    if (has('doubles-receipts') && number % 6 === 3) write({ ...entry, receipt })
  }
  if (!has('begins-late')) begin()
  if (has('settles-early')) settle(0)
  forward(request, response, body, (answer) => {
    if (has('begins-late')) begin()
    if (!has('settles-early')) settle(costOf(answer))
  })
}

function leak(number: number): void {
  if (has('leaks-memory')) kept.push(Buffer.alloc(1_000_000, 1))
  if (has('leaks-timers') && number % 10 === 0) setInterval(() => {}, 60_000)
  if (has('leaks-sockets') && number % 10 === 0)
    connect(Number(new URL(flags.upstream).port), '127.0.0.1').on('error', () => {})
}

function modelIn(body: Buffer): string | null {
  try {
    const { model } = JSON.parse(body.toString()) as { readonly model?: unknown }
    return typeof model === 'string' ? model : null
  } catch {
    return null
  }
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  done: (answer: string) => void,
): void {
  let answer = ''
  pool.dispatch(
    {
      path: request.url ?? '/',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    },
    {
      onConnect(abort) {
        response.once('close', () => {
          if (!response.writableFinished) abort()
        })
      },
      onHeaders(status, headers) {
        const at = headers.findIndex((name) => String(name).toLowerCase() === 'content-type')
        const type = at < 0 ? 'application/octet-stream' : String(headers[at + 1])
        response.writeHead(status, { 'content-type': type })
        return true
      },
      onData(chunk) {
        answer += chunk
        response.write(chunk)
        return true
      },
      onComplete() {
        // Before the caller has the end of it: what was answered is in the journal.
        done(answer)
        response.end()
      },
      onError() {
        done(answer)
        if (response.headersSent) response.destroy()
        else response.writeHead(502).end()
      },
    },
  )
}

/** Nano-dollars, at the prices of gpt-4o-mini. */
function costOf(answer: string): number {
  const [, input = 0, output = 0] =
    /"prompt_tokens":(\d+),"completion_tokens":(\d+)/.exec(answer) ?? []
  return Number(input) * 150 + Number(output) * 600
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const admin = createServer((_, response) => {
  collectGarbage()
  const { rss, heapUsed } = process.memoryUsage()
  const active: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) active[kind] = (active[kind] ?? 0) + 1
  response.setHeader('connection', 'close')
  response.end(JSON.stringify({ rssBytes: rss, heapUsedBytes: heapUsed, active }))
})

admin.listen(Number(flags['admin-port']), '127.0.0.1', () => {
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    process.stdout.write(`OPENAI_BASE_URL=http://127.0.0.1:${address.port}/v1\n`)
  })
})

process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
