import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { UserError } from '../domain/user-error.ts'

/** A small file the user named, as text. `what` says what it should be, for the error. */
export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const message = code === 'ENOENT' ? `no such file: ${path}` : `${path} cannot be read (${code})`
    throw new UserError(message, { hint: `name ${what}` })
  }
}

/** The first characters of a file of any size, enough to tell what it is; empty for what is no file to be read. */
export function headOf(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return ''
  let file: number | null = null
  try {
    file = openSync(path, 'r')
    const bytes = Buffer.alloc(100)
    return bytes.toString('utf8', 0, readSync(file, bytes))
  } catch {
    return ''
  } finally {
    if (file !== null) closeSync(file)
  }
}
