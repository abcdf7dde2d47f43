/** What a connection's reader tells, in this order. */
export type AnswerListener = {
  /** The first byte of a body. */
  begun(): void
  /** The whole answer is there. */
  ended(status: number): void
}

/** More bytes are needed to go on. */
const incomplete = -1

/**
 * Takes the bytes of a connection as they come, one answer after the other, and reads no more of HTTP than a load
 * generator needs: status, and where each answer ends, by length or by chunks. Bodies are not kept.
 */
export class AnswerReader {
  readonly #listener: AnswerListener
  #state: 'head' | 'length' | 'chunk-size' | 'chunk' | 'trailer' = 'head'
  #unread: Buffer | null = null
  /** Of a body or chunk, with the line break after it. */
  #left = 0
  #status = 0
  #hasBegun = false

  constructor(listener: AnswerListener) {
    this.#listener = listener
  }

  /** Throws for what is no HTTP/1.1. */
  read(chunk: Buffer): void {
    const bytes: Buffer = this.#unread === null ? chunk : Buffer.concat([this.#unread, chunk])
    this.#unread = null
    let at = 0
    while (at < bytes.length) {
      const next = this.#step(bytes, at)
      if (next === incomplete) {
        this.#unread = bytes.subarray(at)
        return
      }
      at = next
    }
  }

  /** Over one element; where the next one begins. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#readHead(bytes, at)
      case 'length':
      case 'chunk':
        return this.#readBody(bytes, at)
      case 'chunk-size':
      case 'trailer':
        return this.#readLine(bytes, at)
    }
  }

  #readHead(bytes: Buffer, at: number): number {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end < 0) return incomplete
    const { status, length } = headIn(bytes.toString('latin1', at, end))
    this.#status = status
    this.#left = length ?? 0
    this.#state = length === null ? 'chunk-size' : 'length'
    if (length === 0) this.#end()
    return end + 4
  }

  #readBody(bytes: Buffer, at: number): number {
    this.#begin()
    const taken = Math.min(this.#left, bytes.length - at)
    this.#left -= taken
    if (this.#left === 0) {
      if (this.#state === 'length') this.#end()
      else this.#state = 'chunk-size'
    }
    return at + taken
  }

  #readLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf('\r\n', at)
    if (end < 0) return incomplete
    if (this.#state === 'trailer') {
      if (end === at) this.#end()
      return end + 2
    }
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16)
    if (!(size >= 0)) throw new Error('a chunk without a size')
    this.#left = size + 2
    this.#state = size === 0 ? 'trailer' : 'chunk'
    return end + 2
  }

  #begin(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#listener.begun()
  }

  #end(): void {
    this.#state = 'head'
    this.#hasBegun = false
    this.#listener.ended(this.#status)
  }
}

type Head = {
  readonly status: number
  /** Null: it comes in chunks. */
  readonly length: number | null
}

function headIn(head: string): Head {
  const [, code] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? []
  if (code === undefined) throw new Error('no HTTP/1.1 answer')
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? []
  if (length !== undefined) return { status: Number(code), length: Number(length) }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return { status: Number(code), length: null }
  throw new Error('an answer without an end')
}
