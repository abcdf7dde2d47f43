import { readFileSync } from 'node:fs'
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
