import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Pool } from 'undici'

/**
 * node bare-proxy-main.js UPSTREAM WORK: the least that a gateway of node:http and undici costs. WORK is "nothing", or
 * "parse" for what every gateway that counts has to do besides: parse the request, hash it, and read the answer's
 * usage. Says where it listens.
 */
const [upstream = '', work = 'nothing'] = process.argv.slice(2)
const isParsing = work === 'parse'
const pool = new Pool(upstream, { connections: 128, pipelining: 1 })

/** What parsing came to: used, so that nothing of it can be left out. */
const seen = { keys: 0, tokens: 0 }

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const [only] = chunks
    forward(request, response, chunks.length === 1 && only ? only : Buffer.concat(chunks))
  })
})

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  if (isParsing) readRequest(body)
  const answer: Buffer[] = []
  pool.dispatch(
    {
      path: request.url ?? '/',
      method: request.method as 'POST',
      headers: {
        'content-type': request.headers['content-type'] ?? 'application/json',
        authorization: request.headers.authorization ?? '',
      },
      body: body.length === 0 ? null : body,
    },
    {
      onConnect(abort) {
        response.once('close', () => {
          if (!response.writableFinished) abort()
        })
      },
      onHeaders(status, headers) {
        response.writeHead(status, passedOn(headers))
        return true
      },
      onData(chunk) {
        if (isParsing) answer.push(chunk)
        response.write(chunk)
        return true
      },
      onComplete() {
        response.end()
        if (isParsing) readUsage(answer)
      },
      onError() {
        if (response.headersSent) response.destroy()
        else response.writeHead(502).end()
      },
    },
  )
}

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding'])

function passedOn(raw: readonly Buffer[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = String(raw[at])
    if (!hopByHop.has(name.toLowerCase())) kept.push(name, String(raw[at + 1]))
  }
  return kept
}

function readRequest(body: Buffer): void {
  const { messages } = JSON.parse(body.toString()) as { readonly messages: readonly object[] }
  const key = createHash('sha256').update(body).digest('hex')
  seen.keys += key.length + messages.length
}

/** Of a whole answer, or of the event that has it. */
function readUsage(answer: readonly Buffer[]): void {
  const text = Buffer.concat(answer).toString()
  const json = text.startsWith('data:') ? usageEvent(text) : text
  const { usage } = JSON.parse(json) as { readonly usage?: { readonly total_tokens: number } }
  seen.tokens += usage?.total_tokens ?? 0
}

function usageEvent(text: string): string {
  const start = text.lastIndexOf('data: {')
  return text.slice(start + 'data: '.length, text.indexOf('\n\n', start))
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  process.stdout.write(`http://127.0.0.1:${address.port}\n`)
})
