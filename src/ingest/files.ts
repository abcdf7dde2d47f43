import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { glob, isDynamicPattern } from 'tinyglobby'
import { UserError } from '../domain/user-error.ts'
import { type Bytes, fileBytes, peek, streamBytes } from './bytes.ts'

/** A file to read, with its first bytes taken. */
export type LogFile = {
  /** As the user named it, or the path below the directory they named. */
  readonly path: string
  /** Where it is; for standard input a name made of its first bytes. */
  readonly absolutePath: string
  /** Found in a directory: a file of no known format is then passed over instead of being an error. */
  readonly fromDirectory: boolean
  /** A pipe or standard input: it can be read once, and only its end tells how long it is. */
  readonly isStream: boolean
  readonly size: number
  readonly mtimeMs: number
}

/** The first bytes of a file, decompressed as far as they are good. */
export type Head = {
  readonly bytes: Buffer
  readonly content: Bytes
  /** What is wrong with compressed data this early. */
  readonly damage?: string
}

export const headBytes = 65_536

/** Paths, globs and directories as files, in the order given and sorted inside each; each file once, links followed. */
export async function findFiles(inputs: readonly string[]): Promise<readonly LogFile[]> {
  const found = new Map<string, LogFile>()
  for (const input of inputs) {
    for (const file of await expand(input)) {
      const place = realpathSync(file.absolutePath)
      if (!found.has(place)) found.set(place, file)
    }
  }
  return [...found.values()]
}

async function expand(input: string): Promise<readonly LogFile[]> {
  if (existsSync(input)) {
    if (!statSync(input).isDirectory()) return logFile(input, false)
    const below = await glob('**/*', {
      cwd: input,
      absolute: true,
      dot: true,
      ignore: ['**/.git/**', '**/.llmcost/**', '**/node_modules/**'],
    })
    return below.sort().flatMap((path) => logFile(relative('', path), true))
  }
  if (!isDynamicPattern(input))
    throw new UserError(`no such file: ${input}`, {
      hint: 'name a log file, a directory, a glob, or - for standard input',
    })
  const matches = await glob(input, { absolute: true })
  if (matches.length === 0)
    throw new UserError(`no file matches ${input}`, {
      hint: 'check the pattern; quote it so that your shell leaves it alone',
    })
  return matches.sort().flatMap((path) => logFile(relative('', path), false))
}

/** Nothing where a link leads nowhere, or a directory holds a pipe that nobody may ever write to. */
function logFile(path: string, fromDirectory: boolean): readonly LogFile[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined || (fromDirectory && !stat.isFile())) return []
  const { size, mtimeMs } = stat
  const isStream = !stat.isFile()
  return [{ path, absolutePath: resolve(path), fromDirectory, isStream, size, mtimeMs }]
}

/** Reads the head of a file on disk. A head cut off by damage is as long as the damage allows. */
export async function headOf(absolutePath: string, path: string): Promise<Head> {
  const raw = firstBytes(absolutePath, path)
  const content = fileBytes(absolutePath, raw)
  if (content.compression === 'none') return { bytes: raw, content }
  // A file is read from its start again, so only what was seen of it counts here.
  return { ...(await peek(content, headBytes)), content }
}

function firstBytes(absolutePath: string, path: string): Buffer {
  const file = openToRead(absolutePath, path)
  try {
    const buffer = Buffer.allocUnsafeSlow(headBytes)
    return buffer.subarray(0, readSync(file, buffer, 0, headBytes, 0))
  } finally {
    closeSync(file)
  }
}

function openToRead(absolutePath: string, path: string): number {
  try {
    return openSync(absolutePath, 'r')
  } catch (error) {
    throw new UserError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, {
      hint: 'check its permissions',
    })
  }
}

/** A stream as a file, named by its first bytes: the same log piped again is known again. */
export async function openStream(
  path: string,
  stream: AsyncIterable<Buffer>,
): Promise<{ readonly file: LogFile; readonly head: Head }> {
  const chunks = stream[Symbol.asyncIterator]()
  const first = await chunks.next()
  const taken = first.done === true ? Buffer.alloc(0) : Buffer.from(first.value)
  const head = await peek(streamBytes(taken, { [Symbol.asyncIterator]: () => chunks }), headBytes)
  const name = `stdin:${hashOf(head.bytes).slice(0, 12)}`
  const place = { path, absolutePath: name, fromDirectory: false, isStream: true }
  return { file: { ...place, size: 0, mtimeMs: 0 }, head }
}

export const hashOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
