import { type Command, InvalidArgumentError, Option } from 'commander'
import { addFilterOptions, addInputOptions, collect } from './common-options.ts'
import type { SimulateFlags } from './simulate-policies.ts'
import type { Terminal } from './terminal.ts'

type Exit = { code: number }

const examples = `
Examples:
  llmcost simulate logs.jsonl --threshold 0.92
  llmcost simulate logs.jsonl --threshold 0.85 --ttl 1h --namespace user
  llmcost simulate logs.jsonl --max-wrong-hits 1% --confidence 95%
  llmcost simulate logs.jsonl --sweep 0.70:0.99:0.01 --format csv
  llmcost simulate logs.jsonl --sweep every --format json
  llmcost simulate logs.jsonl --embedder openai:text-embedding-3-small
  llmcost simulate logs.jsonl --route signals --format json
  llmcost simulate logs.jsonl --policy llmcost.yaml --receipts receipts.jsonl
  llmcost simulate logs.jsonl --threshold 0.9 --write llmcost.yaml`

/** `llmcost simulate`: what a policy would have cost. */
export function addSimulate(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('simulate')
    .summary('show what caches and routes would have saved on your own logs')
    .description(
      'Runs a policy over the logs as if it had been in force: exact and semantic cache, prompt cache, routing.\n' +
        'Flags change the policy of the file; without either it is the default policy with the semantic cache on.',
    )
    .argument('[files...]', 'files, directories, globs, or - for standard input')
    .addHelpText('after', examples)
  addPolicyFlags(addSimulateFlags(addFilterOptions(addInputOptions(command)))).action(
    async (files: string[], flags: SimulateFlags) => {
      const { runSimulate } = await import('./simulate.ts')
      exit.code = await runSimulate(files, flags, terminal)
    },
  )
}

const ofLogs = {
  policy: 'a policy file; repeat it to compare several',
  embedders: 'static (default), lexical, logged, openai:MODEL, local:MODEL',
  inserts: 'what hits leave: on-miss (default), always, always-oracle',
}

/** Flags that say a part of the policy, in words for whoever runs it. */
export const addPolicyFlags = (
  command: Command,
  { policy, embedders, inserts }: typeof ofLogs = ofLogs,
): Command =>
  command
    .option('--policy <file>', policy, collect)
    .option(
      '--preset <name>',
      'strict, factual, product, low-stakes, bulk-templates or knowledge-base',
    )
    .option('--threshold <cosine>', 'least similarity of a semantic hit, for this embedder')
    .option('--ttl <duration>', 'how long answers are kept: 30m, 24h, 30d, off')
    .option(
      '--namespace <fields>',
      'entries are shared only inside: shared, tenant, user, feature, tag:NAME …',
    )
    .option('--embedder <name>', embedders)
    .option('--insert <rule>', inserts)
    .option('--guards <list>', 'numbers,names,negation,order (default), or none')
    .option('--max-messages <n>', 'longer conversations meet no semantic cache (default 2)')
    .option('--max-entries <n>', 'how many answers each layer keeps')
    .option(
      '--sticky <scope>',
      'keep a session, or a trace, on its first model: none, session, trace',
    )
    .option('--route <preset>', 'route by length, signals, keywords, three-way or cascade')
    .option('--no-exact', 'without the exact cache')
    .option('--no-semantic', 'without the semantic cache')
    .option('--no-coalesce', 'identical requests in flight are asked twice')
    .option(
      '--no-default-rules',
      'without the rules that keep user data and live questions from caches',
    )

const addSimulateFlags = (command: Command): Command =>
  command
    .option(
      '--sweep <from:to:step>',
      'thresholds to try (default 0.80:0.99:0.01); every, or FROM:TO:every, for all of them',
    )
    .option('--fast', 'find similar questions by hashes: far quicker, its recall is printed')
    .option(
      '--max-wrong-hits <share>',
      'certify the threshold that keeps wrong hits below, e.g. 1%',
      share,
    )
    .option('--confidence <share>', 'of the certificate (default 95%)', share)
    .option('--evidence <file>', 'scores of models on questions: promptfoo, CSV, JSONL', collect)
    .option('--no-measured', 'without what replays measured')
    .option('--baseline <name>', 'what to compare with: as-logged (default), or all:MODEL')
    .option('--receipts <file>', 'write what was decided for each request, as JSON lines')
    .option(
      '--explain <request>',
      'show what was decided for one request, by its number in the store',
    )
    .option('--write <file>', 'write the policy in force as a file')
    .option('--interactive', 'move threshold, time to live and namespace with the arrow keys')
    .addOption(
      new Option('--format <format>', 'how to print').choices([
        'terminal',
        'json',
        'csv',
        'markdown',
        'html',
      ]),
    )

/** "1%", "1pt" or 0.01. */
export function share(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim())
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1)
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('write it as 1% or 0.01')
  return value
}
