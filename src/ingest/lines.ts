/** A stretch of a file that ends where a line ends (or where the file does). */
export type Block = {
  readonly bytes: Buffer
  /** Offset of its first byte in the (decompressed) file. */
  readonly byteOffset: number
  /** False only for a last line without its newline: it may still be growing. */
  readonly closed: boolean
}

/** Longer lines are rejected unread: V8 cannot hold a string of more than 512 MiB. */
export const maxLineBytes = 256 * 1024 * 1024

const newline = 10

/** Cuts chunks into blocks of whole lines. A line over the limit comes as an empty block of its own (`tooLong`). */
export async function* blocksOf(
  chunks: AsyncIterable<Buffer>,
  from: number,
  limit = maxLineBytes,
): AsyncGenerator<Block & { readonly tooLong?: number }> {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let dropping = 0
  let offset = from
  for await (const chunk of chunks) {
    let rest = chunk
    if (dropping > 0) {
      const end = chunk.indexOf(newline) + 1
      dropping += end === 0 ? chunk.length : end
      if (end === 0) continue
      yield { bytes: Buffer.alloc(0), byteOffset: offset, closed: true, tooLong: dropping }
      offset += dropping
      dropping = 0
      rest = chunk.subarray(end)
    }
    const first = pendingBytes === 0 ? 0 : rest.indexOf(newline) + 1
    if (first > 0) {
      // Only the line that two chunks share is copied together.
      const bytes = Buffer.concat([...pending, rest.subarray(0, first)])
      yield { bytes, byteOffset: offset, closed: true }
      offset += bytes.length
      pending = []
      pendingBytes = 0
      rest = rest.subarray(first)
    }
    const end = pendingBytes === 0 ? rest.lastIndexOf(newline) + 1 : 0
    if (end > 0) {
      yield { bytes: rest.subarray(0, end), byteOffset: offset, closed: true }
      offset += end
      rest = rest.subarray(end)
    }
    if (rest.length > 0) pending.push(Buffer.from(rest))
    pendingBytes += rest.length
    if (pendingBytes <= limit) continue
    dropping = pendingBytes
    pending = []
    pendingBytes = 0
  }
  if (dropping > 0)
    yield { bytes: Buffer.alloc(0), byteOffset: offset, closed: true, tooLong: dropping }
  else if (pendingBytes > 0)
    yield { bytes: Buffer.concat(pending), byteOffset: offset, closed: false }
}

/** Where a line of a block starts and ends, and the next one starts. */
export type Line = { readonly start: number; readonly end: number; readonly next: number }

/** Where each line of a block starts and ends, and the next one starts (at the same place without a newline). */
export function* linesOf(block: Buffer): Generator<Line> {
  for (let start = 0; start < block.length; ) {
    const newline = block.indexOf(10, start)
    const end = newline < 0 ? block.length : newline
    const next = newline < 0 ? end : newline + 1
    yield { start, end, next }
    start = next
  }
}
