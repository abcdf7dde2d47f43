import { type Command, Option } from 'commander'
import { addInputOptions, addPriceOptions, addStoreOptions } from './common-options.ts'
import type { PolicyCheckFlags, PolicyShowFlags } from './policy.ts'
import type { PolicyInitFlags } from './policy-init.ts'
import type { Terminal } from './terminal.ts'

type Exit = { code: number }

/** `llmcost policy`: write, check and explain the file that says what is cached, routed and allowed. */
export function addPolicyCommands(program: Command, terminal: Terminal, exit: Exit): void {
  const policy = program
    .command('policy')
    .summary('write, check and explain a policy file')
    .description(
      'Works on the policy file, llmcost.yaml: what is cached, who is asked, what may be spent.\n' +
        'It is the one that --policy or LLMCOST_POLICY names, or the nearest from here upward.',
    )
    .addHelpText('after', examples)
  addInit(policy, terminal, exit)
  addCheck(policy, terminal, exit)
  addShow(policy, terminal, exit)
}

const examples = `
Examples:
  llmcost policy init logs.jsonl
  llmcost policy check llmcost.yaml
  llmcost policy check --checklist
  llmcost policy show --format yaml`

function addInit(policy: Command, terminal: Terminal, exit: Exit): void {
  const command = policy
    .command('init')
    .summary('write a policy file that fits your logs')
    .description(
      'Writes a commented policy file with the models and the namespace of the logs, or of the store.',
    )
    .argument('[files...]', 'files, directories, globs, or - for standard input')
    .option('--out <file>', 'where to (default llmcost.yaml); - prints it')
    .option('--force', 'replace a file that is there')
    .addHelpText('after', '\nExample:\n  llmcost policy init logs.jsonl --out -')
  addInputOptions(command).action(async (files: string[], flags: PolicyInitFlags) => {
    const { runPolicyInit } = await import('./policy-init.ts')
    exit.code = await runPolicyInit(files, flags, terminal)
  })
}

const formatOption = (choices: readonly string[]) =>
  new Option('--format <format>', 'how to print (default text)').choices(choices)

function addCheck(policy: Command, terminal: Terminal, exit: Exit): void {
  const command = policy
    .command('check')
    .summary('find every problem of a policy file')
    .description(
      'Reads a policy file and lists every problem with its line and a hint; exit code 2 where there is one.',
    )
    .argument('[file]', 'the policy file (default: the nearest llmcost.yaml)')
    .option('--checklist', 'answer what teams ask of a policy, from the file and the stored log')
    .addOption(formatOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  llmcost policy check llmcost.yaml')
  addPriceOptions(addStoreOptions(command)).action(
    async (file: string | undefined, flags: PolicyCheckFlags) => {
      const { runPolicyCheck } = await import('./policy.ts')
      exit.code = await runPolicyCheck(file, flags, terminal)
    },
  )
}

function addShow(policy: Command, terminal: Terminal, exit: Exit): void {
  const command = policy
    .command('show')
    .summary('say what the policy in force does')
    .description(
      'Says in sentences what the policy in force does: environment over file over defaults.',
    )
    .option('--policy <file>', 'the policy file (default: the nearest llmcost.yaml)')
    .addOption(formatOption(['text', 'yaml', 'json']))
    .addHelpText('after', '\nExample:\n  llmcost policy show --format yaml')
  addPriceOptions(addStoreOptions(command)).action(async (flags: PolicyShowFlags) => {
    const { runPolicyShow } = await import('./policy.ts')
    exit.code = await runPolicyShow(flags, terminal)
  })
}
