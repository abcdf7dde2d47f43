import { readFileSync } from 'node:fs'
import { CommanderError } from 'commander'
import { UserError } from '../domain/user-error.ts'
import { commandLine, type Exit } from './commands.ts'
import type { Terminal } from './terminal.ts'

/** Runs one command line and resolves to its exit code: 0 done, 1 a regression found, 2 could not run. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const exit: Exit = { code: 0 }
  const program = commandLine(terminal, packageVersion, exit)
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exit.code
  } catch (error) {
    return explain(error, terminal)
  }
}

function explain(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (!(error instanceof UserError)) throw error
  const place = error.at === undefined ? '' : ` at ${error.at}`
  terminal.stderr.write(`error: ${error.message}${place}\n`)
  if (error.hint !== undefined) terminal.stderr.write(`hint:  ${error.hint}\n`)
  return 2
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
