import { Command, InvalidArgumentError, Option } from 'commander'
import type { AnalyzeFlags } from './analyze.ts'
import { addCheck } from './check-command.ts'
import { addFilterOptions, addInputOptions, addPriceOptions, collect } from './common-options.ts'
import { addDiff } from './diff-command.ts'
import { dollars, wholeNumber } from './flag-values.ts'
import type { IngestFlags } from './ingest.ts'
import { addLabel } from './label-command.ts'
import { addMock } from './mock-command.ts'
import { addPolicyCommands } from './policy-commands.ts'
import { addReplay } from './replay-command.ts'
import { addServe } from './serve-command.ts'
import { addSimulate } from './simulate-command.ts'
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
  addAnalyze(program, terminal, exit)
  addSimulate(program, terminal, exit)
  addReplay(program, terminal, exit)
  addCheck(program, terminal, exit)
  addDiff(program, terminal, exit)
  addLabel(program, terminal, exit)
  addDemo(program, terminal, exit)
  addIngest(program, terminal, exit)
  addPolicyCommands(program, terminal, exit)
  addServe(program, terminal, exit)
  addMock(program, terminal, exit)
  addStoreCommands(program, terminal, exit)
  return program
}

const analyzeExamples = `
Examples:
  llmcost analyze logs.jsonl
  llmcost analyze 'logs/**/*.jsonl.gz' --by feature,model
  llmcost analyze ~/.claude/projects --by day --since 30d
  llmcost analyze --where user=u1 --format json
  llmcost analyze logs.jsonl --format html > report.html
  llmcost analyze own.jsonl --map model=llm --map at=ts:ms --map usage.inputTokens=tokens.in`

function addAnalyze(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('analyze')
    .summary('show where the money went and what would help most')
    .description(
      'Shows where the money went, what was repeated or wasted, and what would save most, in dollars.\n' +
        'With files it answers about those files, without about everything in the store.',
    )
    .argument('[files...]', 'files, directories, globs, or - for standard input')
    .addHelpText('after', analyzeExamples)
  addReportOptions(addFilterOptions(addInputOptions(command))).action(
    async (files: string[], flags: AnalyzeFlags) => {
      const { runAnalyze } = await import('./analyze.ts')
      exit.code = await runAnalyze(files, flags, terminal)
    },
  )
}

const addReportOptions = (command: Command): Command =>
  command
    .option(
      '--by <field>',
      'group by one or two fields: model, feature, user, day, tag:NAME …',
      collect,
    )
    .option('--top <n>', 'how many groups to show (default 20)', wholeNumber)
    .addOption(
      new Option('--format <name>', 'how to print it (default terminal)').choices([
        'terminal',
        'json',
        'csv',
        'markdown',
        'html',
      ]),
    )
    .option('--budget <usd>', 'alert when a calendar month crosses it, or will', dollars)
    .option(
      '--plan-price <list>',
      'what a customer pays a month by plan: free=0,pro=49',
      planPrices,
    )
    .option('--user-limit <usd>', 'alert on users who cost more a month', dollars)

function addDemo(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('demo')
    .summary('analyze a bundled log of a support copilot, to see what a report looks like')
    .description('Analyzes a log that comes with llmcost, in a store that is removed again.')
  const storeOptions = command
    .option('--db <file>', 'keep the store there (default: one that is removed again)')
    .option('-q, --quiet', 'nothing on stderr but errors')
    .option('-v, --verbose', 'say more about what was read and how')
  const options = addReportOptions(addFilterOptions(addPriceOptions(storeOptions)))
  options.action(async (flags: AnalyzeFlags) => {
    const { runDemo } = await import('./demo.ts')
    exit.code = await runDemo(flags, terminal)
  })
}

function planPrices(
  text: string,
  previous: Record<string, number> | undefined,
): Record<string, number> {
  const entries = text.split(',').map((pair) => {
    const [plan = '', price = ''] = pair.split('=')
    if (plan.trim() === '' || price.trim() === '')
      throw new InvalidArgumentError('write it as free=0,pro=49')
    return [plan.trim(), dollars(price.trim())] as const
  })
  return { ...previous, ...Object.fromEntries(entries) }
}

const ingestExamples = `
Examples:
  llmcost ingest 'logs/**/*.jsonl'
  llmcost ingest ~/.claude/projects --content none
  zcat old.jsonl.gz | llmcost ingest -`

function addIngest(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('ingest')
    .summary('read logs into the store')
    .description(
      'Reads logs into the store. Every command does this by itself when it is given files.',
    )
    .argument('<files...>', 'files, directories, globs, or - for standard input')
    .addHelpText('after', ingestExamples)
  addInputOptions(command)
    .addOption(
      new Option('--format <name>', 'how to print it (default table)').choices(['table', 'json']),
    )
    .action(async (files: string[], flags: IngestFlags) => {
      const { runIngest } = await import('./ingest.ts')
      exit.code = await runIngest(files, flags, terminal)
    })
}
