import { UserError } from '../domain/user-error.ts'

/** Streams that may be a terminal. */
export type TerminalStreams = {
  readonly stdin: { readonly isTTY?: boolean }
  readonly stdout: { readonly isTTY?: boolean }
}

/** Refuses a screen where keys cannot be read or nothing can be drawn; asked before any work is done for it. */
export function requireTerminal(
  { stdin, stdout }: TerminalStreams,
  { flag, hint } = interactive,
): void {
  if (stdin.isTTY === true && stdout.isTTY === true) return
  throw new UserError(`${flag} needs a terminal`, { hint })
}

const interactive = {
  flag: '--interactive',
  hint: 'leave it out to print the report, or write a page with --format html > report.html',
}
