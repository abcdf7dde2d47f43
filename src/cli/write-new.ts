import { writeFileSync } from 'node:fs'
import { UserError } from '../domain/user-error.ts'

/** A sample for people, readable by its owner only: it holds prompts and answers. One that is there may hold verdicts, and stays. */
export function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') {
      throw new UserError(`${path} is there already`, {
        hint: 'it may hold verdicts: name another file, or remove it',
      })
    }
    throw new UserError(`${path} cannot be written (${code})`, { hint: 'name another place' })
  }
}
