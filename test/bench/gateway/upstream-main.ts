import { createServer, type Socket } from 'node:net'
import { answerBody, answerEvents } from './wire.ts'

/**
 * node upstream-main.js CHUNKS: a model's API that answers at once and always the same, over bare sockets, because it
 * must be much quicker than any gateway in front of it. Says where it listens.
 */
const chunks = Number(process.argv[2])
const events = answerEvents(chunks)

const jsonAnswer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(answerBody)}\r\n\r\n${answerBody}`,
)
const streamHead =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n'
const framed = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const [first = '', ...rest] = events.map(framed)
const streamStart = Buffer.from(streamHead + first)
const streamRest = Buffer.from(`${rest.join('')}0\r\n\r\n`)
const unknownAnswer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')

/** Where a request ends in the bytes read so far; -1: not yet. */
function endOf(bytes: Buffer): number {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return -1
  const head = bytes.toString('latin1', 0, headEnd)
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? []
  if (length !== undefined) {
    const end = headEnd + 4 + Number(length)
    return bytes.length >= end ? end : -1
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return headEnd + 4
  const last = bytes.indexOf('0\r\n\r\n', headEnd + 4)
  return last < 0 ? -1 : last + 5
}

function answer(socket: Socket, request: Buffer): void {
  if (request[0] !== 'P'.charCodeAt(0)) socket.write(unknownAnswer)
  else if (!/"stream": ?true/.test(request.toString('latin1'))) socket.write(jsonAnswer)
  else {
    socket.write(streamStart)
    // In a turn of its own, so that it does not come with the first event.
    setImmediate(() => socket.write(streamRest))
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  let unread: Buffer | null = null
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    let bytes: Buffer = unread === null ? chunk : Buffer.concat([unread, chunk])
    for (let end = endOf(bytes); end >= 0; end = endOf(bytes)) {
      answer(socket, bytes.subarray(0, end))
      bytes = bytes.subarray(end)
      if (bytes.length === 0) break
    }
    unread = bytes.length === 0 ? null : bytes
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  process.stdout.write(`http://127.0.0.1:${address.port}\n`)
})
