import { type Command, Option } from 'commander'
import { addFilterOptions, addInputOptions, collect } from './common-options.ts'
import { dollars, wholeNumber } from './flag-values.ts'
import type { ReplayFlags } from './replay-flags.ts'
import { addPolicyFlags, share } from './simulate-command.ts'
import type { Terminal } from './terminal.ts'

type Exit = { code: number }

const examples = `
Examples:
  llmcost replay logs.jsonl --policy llmcost.yaml --dry-run
  llmcost replay logs.jsonl --route cascade --judge openai:gpt-5-mini --budget 5
  llmcost replay logs.jsonl --policy llmcost.yaml --margin 2% --yes --format json
  llmcost replay --suite evals.jsonl --baseline all:gpt-4o --policy llmcost.yaml
  llmcost replay --suite evals.csv --baseline as-logged --route length --mock accuracy=0.8
  llmcost replay logs.jsonl --policy llmcost.yaml --recorded answers.jsonl --format junit

Answers are stored as they arrive: the same command again goes on where it ended, and pays for nothing twice.`

/** `llmcost replay`: what a policy costs in quality, by asking again. */
export function addReplay(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('replay')
    .summary('ask models again on a sample, to measure the quality and the real cost of a policy')
    .description(
      'Draws a sample of the requests that a policy would answer otherwise, shows what asking again costs, asks,\n' +
        'and says whether the policy loses more quality than a margin. Keys come from the environment alone.',
    )
    .argument('[files...]', 'files, directories, globs, or - for standard input')
    .addHelpText('after', examples)
  addPolicyFlags(addReplayFlags(addFilterOptions(addInputOptions(command)))).action(
    async (files: string[], flags: ReplayFlags) => {
      const { runReplay } = await import('./replay.ts')
      exit.code = await runReplay(files, flags, terminal)
    },
  )
}

const addReplayFlags = (command: Command): Command =>
  addModelFlags(addSampleFlags(addScoreFlags(command))).addOption(
    new Option('--format <format>', 'how to print').choices([
      'terminal',
      'json',
      'csv',
      'markdown',
      'html',
      'junit',
    ]),
  )

/** What is compared, and by whom. */
const addScoreFlags = (command: Command): Command =>
  command
    .option(
      '--suite <file>',
      'questions with expected answers in place of a log: JSONL, CSV, promptfoo',
    )
    .option('--baseline <name>', 'as-logged (default for logs), all:MODEL, or a policy file')
    .option(
      '--scorer <name>',
      'exact, normalised, json, schema:FILE, regex:PATTERN, contains, numeric:TOLERANCE, similarity:COSINE, equivalent, command:PROGRAM, judge:MODEL',
    )
    .option('--judge <model>', 'a model says which of two answers is better, in both orders')
    .option('--judge-prompt <file>', "a template in place of the judge's own")
    .option('--human <file>', 'verdicts of people on pairs: a CSV as --write-pairs writes it')
    .option('--label <file>', 'compare the pairs yourself, blind: a CSV keeps each verdict at once')
    .option(
      '--write-pairs <file>',
      'write the pairs as a CSV, blind and in random order, for people',
    )
    .option('--evidence <file>', 'scores of models on questions: promptfoo, CSV, JSONL', collect)

/** How many requests are asked again, and when that is enough. */
const addSampleFlags = (command: Command): Command =>
  command
    .option(
      '--margin <share>',
      'largest loss of quality accepted on changed requests (default 5%)',
      share,
    )
    .option('--margin-overall <share>', 'the same over all requests', share)
    .option(
      '--power <share>',
      'chance to show that nothing is lost, where nothing is (default 80%)',
      share,
    )
    .option('--discordant <share>', 'pairs expected to differ (default 10%)', share)
    .option(
      '--sample <n>',
      'how many requests to ask again, in place of what margin and power ask for',
      wholeNumber,
    )
    .option('--fixed', 'answer the whole sample, even after the verdict is reached')
    .option('--seed <text>', 'another sample')

/** Who is asked, and what that may cost. */
const addModelFlags = (command: Command): Command =>
  command
    .option('--concurrency <n>', 'calls under way (default 8)', wholeNumber)
    .option('--budget <usd>', 'a hard cap on what the run may cost', dollars)
    .option('--yes', 'do not ask before spending')
    .option('--dry-run', 'show the plan and ask nothing')
    .option('--resume', 'go on with a run that was cut off; an error where there is none')
    .option('--retry-errors', 'ask again what failed before')
    .option(
      '--mock [settings]',
      'answers of a mock in place of models: accuracy=0.8,seed=1, or a YAML file',
    )
    .option('--record <file>', 'keep the answers in a cassette as well')
    .option('--recorded <file>', 'answers of a cassette in place of models')
    .option(
      '--write-batch <folder>',
      "write the calls as files for the providers' batch services, and ask nothing",
    )
    .option('--read-batch <file>', 'answers of a batch service', collect)
