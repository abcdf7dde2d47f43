import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { isObject, parsedOf } from '../domain/json.ts'

/** What a spool may take of the disk. */
const mostSpoolBytes = 64 << 20
/** Taken from the disk as long as there is room on it, so that a full disk leaves some hundred requests' time. */
const reservedBytes = 4 << 20

export type SpoolOptions = {
  /** Of the file; `mostSpoolBytes` by default. */
  readonly mostBytes?: number | undefined
  /** Each line is on the disk before `write` returns: it survives a power cut. */
  readonly isDurable: boolean
}

export type SpooledTurn = { readonly turn: number; readonly entries: string }

const newline = 0x0a

type Line = { readonly turn: number; readonly start: number; readonly length: number }

/** Beside a gateway's database. */
export const spoolPath = (databasePath: string): string => `${databasePath}.spool`

/** Whether a gateway's spool holds anything, asked by others than the gateway. */
export function spoolHoldsTurns(databasePath: string): boolean {
  const file = openIfThere(spoolPath(databasePath))
  if (file === null) return false
  try {
    const first = Buffer.alloc(1)
    return readSync(file, first, 0, 1, 0) === 1 && first[0] !== newline
  } finally {
    closeSync(file)
  }
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch {
    return null
  }
}

/**
 * A file of turns that the database would not take: JSON lines, each `{"turn":N,"entries":[…]}`, oldest first, blank
 * lines behind them. Written line by line, and of bounded size.
 */
export class Spool {
  readonly #path: string
  readonly #file: number
  readonly #mostBytes: number
  readonly #isDurable: boolean
  #lines: Line[] = []
  #end = 0
  #damagedLines = 0

  /** Opens the file, making it where it is missing, and reads which turns an earlier process left in it. */
  constructor(path: string, { mostBytes = mostSpoolBytes, isDurable }: SpoolOptions) {
    this.#path = path
    this.#mostBytes = mostBytes
    this.#isDurable = isDurable
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    this.#readLines()
    if (this.#lines.length === 0) this.clear()
    // What is left of a cut line must not follow a shorter one that is written over it.
    else if (this.#damagedLines > 0) this.#cutTo(this.#end)
  }

  get turns(): number {
    return this.#lines.length
  }

  get bytes(): number {
    return this.#end
  }

  /** Lines that a crash cut off, or that something else damaged. */
  get damagedLines(): number {
    return this.#damagedLines
  }

  newestTurn(): number {
    return this.#lines.at(-1)?.turn ?? 0
  }

  /** Null when it is written, else why not. */
  write({ turn, entries }: SpooledTurn): string | null {
    const bytes = Buffer.from(`{"turn":${turn},"entries":${entries}}\n`)
    if (this.#end + bytes.length > this.#mostBytes) return 'the spool is full'
    try {
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#file, bytes, done, bytes.length - done, this.#end + done)
      if (this.#isDurable) fdatasyncSync(this.#file)
    } catch (error) {
      this.#cutTo(this.#end)
      return (error as Error).message
    }
    this.#lines.push({ turn, start: this.#end, length: bytes.length })
    this.#end += bytes.length
    return null
  }

  /** The oldest turns, of about so many bytes; at least one where there is any. */
  first(bytes: number): readonly SpooledTurn[] {
    const found: SpooledTurn[] = []
    let size = 0
    for (const line of this.#lines) {
      if (size > 0 && size + line.length > bytes) break
      size += line.length
      const text = this.#bytesAt(line.start, line.length).toString('utf8')
      found.push({
        turn: line.turn,
        entries: text.slice(text.indexOf('['), text.lastIndexOf(']') + 1),
      })
    }
    return found
  }

  /** Forgets the oldest turns; the file is emptied with the last of them. */
  drop(count: number): void {
    this.#lines.splice(0, count)
    if (this.#lines.length === 0) this.clear()
  }

  clear(): void {
    this.#lines = []
    this.#end = 0
    this.#cutTo(0)
    try {
      const blank = Buffer.alloc(Math.min(reservedBytes, this.#mostBytes), newline)
      writeSync(this.#file, blank, 0, blank.length, 0)
    } catch {
      // A full disk has no room to keep free.
    }
  }

  /** Closes the file, and removes it where nothing is left in it. */
  close(): void {
    closeSync(this.#file)
    if (this.#lines.length === 0) rmSync(this.#path, { force: true })
  }

  #cutTo(bytes: number): void {
    try {
      ftruncateSync(this.#file, bytes)
    } catch {
      // What stays behind is no line, or one that the database has: the next start tells either.
    }
  }

  #bytesAt(start: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    let read = 0
    for (let more = -1; more !== 0 && read < length; read += more)
      more = readSync(this.#file, bytes, read, length - read, start + read)
    return bytes.subarray(0, read)
  }

  #readLines(): void {
    const bytes = this.#bytesAt(0, fstatSync(this.#file).size)
    let { length } = bytes
    while (bytes[length - 1] === newline && bytes[length - 2] === newline) length--
    for (let start = 0; start < length; ) {
      const found = bytes.indexOf(newline, start)
      if (found < 0) {
        this.#damagedLines++
        return
      }
      if (found > start)
        this.#noteLine(bytes.toString('utf8', start, found), start, found + 1 - start)
      start = found + 1
    }
  }

  #noteLine(text: string, start: number, length: number): void {
    const line = parsedOf(text)
    if (isObject(line) && Number.isSafeInteger(line['turn']) && Array.isArray(line['entries'])) {
      this.#lines.push({ turn: Number(line['turn']), start, length })
      this.#end = start + length
    } else this.#damagedLines++
  }
}
