import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { Decompress } from 'fzstd'

/** Chunks of a file's bytes, decompressed by what its first bytes say (gzip, zstd) and not by its name. */
export type Bytes = {
  readonly compression: 'none' | 'gzip' | 'zstd'
  /**
   * From this decompressed offset on. A truncated stream ends in a TruncatedError after its last good bytes. `to` is
   * where to stop in a file that is not compressed.
   */
  read(from: number, to?: number): AsyncIterable<Buffer>
}

/** The compressed data ended too early or is damaged; what came before was read. */
export class TruncatedError extends Error {}

const chunkBytes = 1 << 20

export function compressionOf(head: Uint8Array): Bytes['compression'] {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd'
  return 'none'
}

/** The bytes of a file on disk. */
export function fileBytes(path: string, head: Uint8Array): Bytes {
  const compression = compressionOf(head)
  if (compression === 'none')
    return { compression, read: (from, to) => plainChunks(path, from, to) }
  const raw = () => createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>
  return { compression, read: (from) => skipBytes(decompress(raw(), compression), from) }
}

/** The bytes of a stream that can be read once; `taken` has been taken from it, compressed as it came. */
export function streamBytes(taken: Buffer, rest: AsyncIterable<Buffer>): Bytes {
  const compression = compressionOf(taken)
  const whole = joined(taken, rest)
  const chunks = compression === 'none' ? whole : decompress(whole, compression)
  return { compression, read: (from) => skipBytes(chunks, from) }
}

/** The first bytes of what can be read once, and all of it as if none had been taken. */
export async function peek(
  content: Bytes,
  length: number,
): Promise<{ readonly bytes: Buffer; readonly content: Bytes; readonly damage?: string }> {
  const chunks = content.read(0)[Symbol.asyncIterator]()
  const { taken, damage } = await takeFirst(chunks, length)
  const rest = { [Symbol.asyncIterator]: () => chunks }
  const read = (from: number) => skipBytes(joined(taken, damage ?? rest), from)
  const bytes = taken.subarray(0, length)
  const peeked = { bytes, content: { compression: content.compression, read } }
  return damage === undefined ? peeked : { ...peeked, damage: damage.message }
}

/** Chunks up to a length, or to where the data is damaged. */
async function takeFirst(
  chunks: AsyncIterator<Buffer>,
  length: number,
): Promise<{ readonly taken: Buffer; readonly damage?: TruncatedError }> {
  const taken: Buffer[] = []
  try {
    for (let size = 0; size < length; ) {
      const next = await chunks.next()
      if (next.done === true) break
      taken.push(Buffer.from(next.value))
      size += next.value.length
    }
  } catch (error) {
    if (!(error instanceof TruncatedError)) throw error
    return { taken: Buffer.concat(taken), damage: error }
  }
  return { taken: Buffer.concat(taken) }
}

async function* joined(
  taken: Buffer,
  rest: AsyncIterable<Buffer> | TruncatedError,
): AsyncGenerator<Buffer> {
  yield taken
  if (rest instanceof TruncatedError) throw rest
  yield* rest
}

/** Buffers that no file is being read into: fresh ones would be cleared by the system page by page. */
const spareBuffers: Buffer[] = []

/**
 * Two buffers take turns, so that a chunk stays valid while the next one is read. Read synchronously: the bytes are
 * asked for when they are needed, and asking another thread for them takes longer than to read them.
 */
async function* plainChunks(
  path: string,
  from: number,
  to = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> {
  const take = () => spareBuffers.pop() ?? Buffer.allocUnsafeSlow(chunkBytes)
  const buffers = [take(), take()] as const
  const file = openSync(path, 'r')
  try {
    let position = from
    for (let turn = 0; ; turn ^= 1) {
      const buffer = buffers[turn as 0 | 1]
      const length = Math.min(chunkBytes, to - position)
      const bytesRead = readSync(file, buffer, 0, length, position)
      if (bytesRead === 0) return
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    closeSync(file)
    spareBuffers.push(...buffers)
  }
}

function decompress(
  raw: AsyncIterable<Buffer>,
  compression: 'gzip' | 'zstd',
): AsyncIterable<Buffer> {
  return compression === 'gzip' ? gunzipped(raw) : unzstd(raw)
}

async function* gunzipped(raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 })
  const feed = (async () => {
    for await (const chunk of raw) {
      if (gunzip.destroyed) return
      if (!gunzip.write(chunk))
        await new Promise((resolve) => gunzip.once('drain', resolve).once('close', resolve))
    }
    gunzip.end()
  })()
  feed.catch((error: Error) => gunzip.destroy(error))
  try {
    for await (const chunk of gunzip) yield chunk as Buffer
  } catch (error) {
    throw new TruncatedError(`gzip data is damaged or cut off (${(error as Error).message})`)
  }
}

async function* unzstd(raw: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const out: Buffer[] = []
  let final = false
  const stream = new Decompress((chunk, last) => {
    out.push(Buffer.from(chunk))
    final = last ?? false
  })
  try {
    let isFirst = true
    for await (const chunk of raw) {
      if (isFirst) refuseHugeWindow(chunk)
      isFirst = false
      stream.push(new Uint8Array(chunk))
      yield* out.splice(0)
    }
    stream.push(new Uint8Array(0), true)
  } catch (error) {
    yield* out.splice(0)
    throw new TruncatedError(`zstd data is damaged or cut off (${(error as Error).message})`)
  }
  yield* out.splice(0)
  if (!final) throw new TruncatedError('zstd data is cut off')
}

/** As much as `zstd --long=27` asks for: its own limit for reading without a flag. */
const longestWindow = 128 * 1024 * 1024

/** The window a frame's header asks for is allocated before a byte is read: a header of four bytes may ask for 2 GB. */
function refuseHugeWindow(head: Buffer): void {
  const window = windowOf(head)
  if (window > longestWindow)
    throw new Error(`its header asks for a window of ${Math.round(window / 1e6)} MB`)
}

/** RFC 8878, 3.1.1.1: the window's exponent and mantissa, or the whole content where it is one segment. */
function windowOf(head: Buffer): number {
  const descriptor = head[4]
  if (descriptor === undefined) return 0
  if ((descriptor & 0x20) === 0) {
    const window = head[5] ?? 0
    return 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8)
  }
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number
  const place = 5 + dictionary
  const size = [1, 2, 4, 8][descriptor >> 6] as number
  if (head.length < place + size) return 0
  if (size === 8) return Number(head.readBigUInt64LE(place))
  return size === 2 ? head.readUInt16LE(place) + 256 : head.readUIntLE(place, size)
}

async function* skipBytes(chunks: AsyncIterable<Buffer>, from: number): AsyncGenerator<Buffer> {
  let left = from
  for await (const chunk of chunks) {
    if (left >= chunk.length) {
      left -= chunk.length
      continue
    }
    yield left === 0 ? chunk : chunk.subarray(left)
    left = 0
  }
}
