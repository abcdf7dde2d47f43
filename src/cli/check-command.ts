import { type Command, Option } from 'commander'
import {
  assertionValue,
  type CheckFlags,
  checkFormats,
  pointsValue,
  shareValue,
} from './check-flags.ts'
import type { Exit } from './commands.ts'
import { addFilterOptions, addInputOptions } from './common-options.ts'
import { dollars } from './flag-values.ts'
import type { Terminal } from './terminal.ts'

const examples = `
Exit code: 0 passed or warned, 1 a regression, 2 could not run or nothing to tell it by.

Examples:
  llmcost check run.jsonl --save baseline.json
  llmcost check run.jsonl --baseline baseline.json --max-increase 5%
  llmcost check run.jsonl --baseline main:baseline.json --exact --format markdown
  llmcost check --since 7d --baseline 14d..7d --max-increase 10%
  llmcost check --since 7d --max-cost-per-request 0.01
  llmcost check --baseline 14d..7d --assert 'latencyMs.p95 +10% where team=red'
  llmcost check after.json --baseline before.json --max-increase 0`

/** `llmcost check` with its flags. */
export function addCheck(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('check')
    .summary('fail a build when cost, hit rate or quality got worse than noise explains')
    .description(
      'Holds a run to assertions, of flags and of check.assertions in llmcost.yaml, against a baseline\n' +
        'where there is one. A run is logs, the store, a snapshot, or a report of --format json.',
    )
    .argument('[files...]', 'logs, directories, globs; or one snapshot or report in JSON')
    .addHelpText('after', examples)
  addFilterOptions(addInputOptions(command))
    .option('--policy <file>', 'the policy file (default llmcost.yaml, found upward)')
    .option('--save <file>', 'write the run as a snapshot, the baseline of later checks')
    .option(
      '--baseline <file>',
      'a snapshot, REF:FILE of a git ref, or a time of the logs: 14d..7d',
    )
    .option('--reprice', 'compute baseline and run at the price book in force')
    .option('--exact', 'runs are recorded or mocked: no difference is noise')
    .option(
      '--max-increase <share>',
      'the cost may rise by so much over the baseline: 5%',
      shareValue,
    )
    .option('--max-cost-per-request <usd>', 'a request may cost so much on average', dollars)
    .option('--min-hit-rate <share>', 'caches must answer so many requests', shareValue)
    .option('--max-quality-drop <points>', 'quality may fall by so much: 1pt', pointsValue)
    .option(
      '--assert <text>',
      'any figure: "latencyMs.p95 <= 2000", "hitRate -10% where team=red"; repeatable',
      assertionValue,
    )
    .addOption(
      new Option('--format <name>', 'how to print it (default terminal)').choices(checkFormats),
    )
    .action(async (files: string[], flags: CheckFlags) => {
      const { runCheck } = await import('./check.ts')
      exit.code = await runCheck(files, flags, terminal)
    })
}
