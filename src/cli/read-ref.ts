import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { UserError } from '../domain/user-error.ts'
import { readText } from './read-text.ts'

/** The text of a file, or of REF:FILE as git has it. Throws a UserError that says what to name instead. */
export function readFileOrRef(name: string, wanted: string): string {
  const [, ref = '', path = ''] = /^([^-:][^:]+):(.+)$/.exec(name) ?? []
  return existsSync(name) || ref === '' ? readText(name, wanted) : textOfRef(name, ref, path)
}

function textOfRef(name: string, ref: string, path: string): string {
  try {
    return execFileSync('git', ['show', name], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    throw new UserError(`git has no ${path} at ${ref}`, {
      hint: 'fetch the ref first, e.g. git fetch origin main, and name the file from the top of the repository',
    })
  }
}
