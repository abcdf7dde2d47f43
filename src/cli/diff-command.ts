import { type Command, Option } from 'commander'
import type { Exit } from './commands.ts'
import { addFilterOptions, addInputOptions, collect } from './common-options.ts'
import { type DiffFlags, diffFormats } from './diff-flags.ts'
import type { Terminal } from './terminal.ts'

const examples = `
A side is
  before.json                   a snapshot (llmcost check --save), or a report of --format json
  logs.jsonl                    logs, a directory, a quoted glob
  14d..7d   2026-08-01..        a time range of the store; days count back from its newest request
  llmcost.yaml                  a policy, simulated over the store; 'as-logged' is what was paid
  origin/main:FILE              a snapshot, report or policy at a git ref
Time ranges and policies are about the whole store, or about the files of --log.

Examples:
  llmcost diff monday.jsonl tuesday.jsonl
  llmcost diff 14d..7d 7d..
  llmcost diff 7d                                  the last 7 days against the 7 before
  llmcost diff origin/main:baseline.json run.jsonl --format markdown
  llmcost diff as-logged llmcost.yaml --since 7d
  llmcost diff origin/main:llmcost.yaml llmcost.yaml --log 'logs/*.jsonl'
  llmcost diff before.json 7d.. --reprice          both at the prices in force`

/** `llmcost diff` with its flags. */
export function addDiff(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('diff')
    .summary('show why cost changed: price, volume, mix, tokens per request, cache, retries')
    .description(
      'Shows why one side costs more than the other, by causes that add up to the nano-dollar, by model and feature,\n' +
        'with the scenarios and requests behind it.',
    )
    .argument('<sides...>', 'from and to, see below; or one duration such as 7d')
    .addHelpText('after', examples)
  addFilterOptions(addInputOptions(command))
    .option('--log <file>', 'the logs that time ranges and policies are about; repeatable', collect)
    .option('--reprice', 'compute both sides at the price book in force')
    .addOption(
      new Option('--format <name>', 'how to print it (default terminal)').choices(diffFormats),
    )
    .action(async (sides: string[], flags: DiffFlags) => {
      const { runDiff } = await import('./diff.ts')
      exit.code = await runDiff(sides, flags, terminal)
    })
}
