import { type Command, InvalidArgumentError } from 'commander'
import { addFilterOptions, addInputOptions } from './common-options.ts'
import type { LabelFlags } from './label.ts'
import { addPolicyFlags, share } from './simulate-command.ts'
import type { Terminal } from './terminal.ts'

type Exit = { code: number }

const examples = `
Examples:
  llmcost label logs.jsonl --threshold 0.92
  llmcost label --threshold 0.92 --max-wrong-hits 2% --limit 50
  llmcost label --threshold 0.92 --csv sample.csv
  llmcost label --import sample.csv
  llmcost label --threshold 0.85 --explore
  llmcost label --routed`

/** `llmcost label`: ask people about served pairs. */
export function addLabel(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('label')
    .summary('say of served answers whether they are right, so that a threshold can be certified')
    .description(
      'Shows requests with the answer that a semantic cache would have served them, and keeps what you say of it.\n' +
        'Pairs are drawn at random from the second half of the log; llmcost simulate --max-wrong-hits counts them.',
    )
    .argument('[files...]', 'files, directories, globs, or - for standard input')
    .option('--limit <n>', 'how many pairs at most (default: as many as are still needed)', count)
    .option('--explore', 'the most informative pairs first: to tune by, never counted')
    .option(
      '--routed',
      'instead, which is better: answers of cheaper models that a gateway audited, or the strongest model’s; blind',
    )
    .option('--csv <file>', 'write the pairs to be labelled in a spreadsheet; - prints them')
    .option(
      '--import <file>',
      'read such a file back, or one of llmcost export --shadow or --routed',
    )
    .option('--by <name>', 'who says so (default me)')
    .option('--max-wrong-hits <share>', 'what is to be certified (default 1%)', share)
    .option('--confidence <share>', 'of the certificate (default 95%)', share)
    .option('--fast', 'find similar questions by hashes: far quicker')
    .addHelpText('after', examples)
  addPolicyFlags(addFilterOptions(addInputOptions(command))).action(
    async (files: string[], flags: LabelFlags) => {
      const { runLabel } = await import('./label.ts')
      exit.code = await runLabel(files, flags, terminal)
    },
  )
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('it must be a whole number from 1 on')
  return value
}
