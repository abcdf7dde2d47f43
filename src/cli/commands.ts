import { Command } from 'commander'
import {
  addFilterOptions,
  addInputOptions,
  type FilterFlags,
  type InputFlags,
} from './common-options.ts'
import { addStoreCommands } from './store-commands.ts'
import type { Terminal } from './terminal.ts'

export type Exit = { code: number }

/**
 * All commands with their flags and help. What a command does is loaded only when it runs, so that `--help` stays
 * quick.
 */
export function commandLine(terminal: Terminal, version: () => string, exit: Exit): Command {
  const program = new Command('llmcost')
    .description(
      'Shows where an LLM bill goes and what would cut it, from the logs you already have.',
    )
    .version(version(), '-V, --version')
    .showHelpAfterError('(add --help for all options)')
  addIngest(program, terminal, exit)
  addStoreCommands(program, terminal, exit)
  return program
}

function addIngest(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('ingest')
    .summary('read logs into the store')
    .description(
      'Reads logs into the store. Every command does this by itself when it is given files.',
    )
    .argument('<files...>', 'files, directories, globs, or - for standard input')
  addInputOptions(command).action(async (files: string[], flags: InputFlags) => {
    const { runIngest } = await import('./ingest.ts')
    exit.code = await runIngest(files, flags, terminal)
  })
}

export type { FilterFlags }

void addFilterOptions
