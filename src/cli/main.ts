import { type Command, CommanderError } from 'commander'
import { UserError } from '../domain/user-error.ts'
import { safeText } from '../report/escape.ts'
import { leaveOnClosedPipe } from './closed-pipe.ts'
import { commandLine, type Exit } from './commands.ts'
import { packageVersion } from './package-version.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** What `bin/llmcost.js` does: runs this process's command line on its own terminal. */
export const main = (): Promise<number> => run(process.argv.slice(2), processTerminal())

/** Runs one command line and resolves to its exit code: 0 done, 1 a regression found, 2 could not run. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const exit: Exit = { code: 0 }
  leaveOnClosedPipe(terminal.stdout)
  const program = commandLine(terminal, packageVersion, exit)
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(safeLines(text)),
    })
  }
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exit.code
  } catch (error) {
    return explain(error, terminal)
  }
}

const withSubcommands = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap(withSubcommands),
]

function explain(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (!(error instanceof UserError)) throw error
  const place = error.at === undefined ? '' : ` at ${error.at}`
  terminal.stderr.write(`${safeLines(`error: ${error.message}${place}`)}\n`)
  if (error.hint !== undefined) terminal.stderr.write(`${safeLines(`hint:  ${error.hint}`)}\n`)
  return 2
}

/** Names of files, fields and models in a message may come from a log. */
const safeLines = (text: string): string => text.split('\n').map(safeText).join('\n')
