import { UserError } from '../domain/user-error.ts'

/** Streams that may be a terminal. */
export type TerminalStreams = {
  readonly stdin: { readonly isTTY?: boolean }
  readonly stdout: { readonly isTTY?: boolean }
}

/** Refuses a screen where keys cannot be read or nothing can be drawn; asked before any work is done for it. */
export function requireTerminal({ stdin, stdout }: TerminalStreams): void {
  if (stdin.isTTY === true && stdout.isTTY === true) return
  throw new UserError('--interactive needs a terminal', {
    hint: 'leave it out to print the report, or write a page with --format html > report.html',
  })
}
