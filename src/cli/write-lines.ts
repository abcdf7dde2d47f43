import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { UserError } from '../domain/user-error.ts'
import type { Output, Terminal } from './terminal.ts'
import { writeOut } from './write-out.ts'

/** Characters per write. */
const blockLength = 256 * 1024

/** Writes lines to a file, or to standard output where none is named, in constant memory. */
export const writeLines = (
  lines: Iterable<string>,
  path: string | undefined,
  terminal: Terminal,
): Promise<void> => writeTo(path, terminal, (output) => writeBlocks(lines, output))

async function writeBlocks(lines: Iterable<string>, output: Output): Promise<void> {
  let block = ''
  for (const line of lines) {
    block += `${line}\n`
    if (block.length < blockLength) continue
    await writeOut(output, block)
    block = ''
  }
  if (block !== '') await writeOut(output, block)
}

/**
 * Hands a file, or standard output where none is named, to whoever writes. Prompts are private: the file is its owner's
 * only. It has its name once it is whole.
 */
export async function writeTo<T>(
  path: string | undefined,
  terminal: Terminal,
  work: (output: Output) => Promise<T>,
): Promise<T> {
  if (path === undefined) return work(terminal.stdout)
  const partial = `${path}.partial`
  const stream = createWriteStream(partial, { mode: 0o600 })
  const failure = once(stream, 'error').then(([error]) => {
    throw error
  })
  failure.catch(() => {})
  try {
    const result = await Promise.race([work(stream), failure])
    stream.end()
    await Promise.race([once(stream, 'finish'), failure])
    await rename(partial, path)
    return result
  } catch (error) {
    stream.destroy()
    await rm(partial, { force: true })
    throw writeError(error, path)
  }
}

function writeError(error: unknown, path: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return error
  const what = code === 'ENOSPC' ? 'the disk is full' : code
  return new UserError(`${path} cannot be written (${what})`, {
    hint: 'name another file with --out, or leave it out to write to standard output',
  })
}
