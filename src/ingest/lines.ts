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
    const last = chunk.lastIndexOf(newline)
    if (dropping > 0) {
      const end = chunk.indexOf(newline)
      dropping += end < 0 ? chunk.length : end + 1
      if (end < 0) continue
      yield { bytes: Buffer.alloc(0), byteOffset: offset, closed: true, tooLong: dropping }
      offset += dropping
      dropping = 0
      pending = [Buffer.from(chunk.subarray(end + 1))]
      pendingBytes = chunk.length - end - 1
      continue
    }
    if (last < 0) {
      pending.push(Buffer.from(chunk))
      pendingBytes += chunk.length
      if (pendingBytes > limit) {
        dropping = pendingBytes
        pending = []
        pendingBytes = 0
      }
      continue
    }
    const bytes =
      pendingBytes === 0
        ? chunk.subarray(0, last + 1)
        : Buffer.concat([...pending, chunk.subarray(0, last + 1)])
    yield { bytes, byteOffset: offset, closed: true }
    offset += bytes.length
    pending = last + 1 < chunk.length ? [Buffer.from(chunk.subarray(last + 1))] : []
    pendingBytes = chunk.length - last - 1
  }
  if (dropping > 0)
    yield { bytes: Buffer.alloc(0), byteOffset: offset, closed: true, tooLong: dropping }
  else if (pendingBytes > 0)
    yield { bytes: Buffer.concat(pending), byteOffset: offset, closed: false }
}
