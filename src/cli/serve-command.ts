import { type Command, Option } from 'commander'
import { addPriceOptions, addStoreOptions } from './common-options.ts'
import { portNumber } from './flag-values.ts'
import type { ServeFlags } from './serve.ts'
import { addServeAdmin } from './serve-admin-commands.ts'
import { addPolicyFlags } from './simulate-command.ts'
import type { Terminal } from './terminal.ts'

type Exit = { code: number }

const examples = `
Examples:
  llmcost serve
  llmcost serve --policy llmcost.yaml
  llmcost serve --port 8080 --threshold 0.92 --namespace user
  llmcost serve --content none --redact
  OPENAI_BASE_URL=http://127.0.0.1:4143/v1 llmcost serve      # in front of llmcost mock

Then point applications at it: OPENAI_BASE_URL and ANTHROPIC_BASE_URL are printed. What passed through is in the store:
  llmcost analyze`

/** `llmcost serve`: the gateway. */
export function addServe(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('serve')
    .summary('run the policy as a gateway for OpenAI and Anthropic clients')
    .description(
      'Listens on this machine, decides each request by the policy, and writes down what it cost.\n' +
        'Without a policy it passes everything through and only writes down. Ctrl-C lets answers under way end.',
    )
    .option('--port <n>', 'where applications ask; 0: a free port (default 4141)', portNumber)
    .option('--host <address>', 'any other than loopback demands serve.keys (default 127.0.0.1)')
    .option('--admin-port <n>', 'dashboard, metrics, administration (default 4142)', portNumber)
    .option('--admin-host <address>', 'the address of the admin port (default 127.0.0.1)')
    .addOption(
      new Option('--content <mode>', 'what of prompts and answers is kept').choices([
        'full',
        'hash',
        'none',
      ]),
    )
    .addOption(
      new Option('--log <format>', 'on stderr: text at a terminal, else json').choices([
        'text',
        'json',
      ]),
    )
    .option(
      '--replay-clock',
      'in front of a mock alone: times are those of a log (docs/methods.md)',
    )
    .option('--debug', 'what the process holds, at /debug/resources of the admin port')
    .option('--redact', 'replace e-mail, phone, card, key and IP patterns in what is kept')
    .addHelpText('after', examples)
  addPolicyFlags(addPriceOptions(addStoreOptions(command))).action(async (flags: ServeFlags) => {
    const { runServe } = await import('./serve.ts')
    exit.code = await runServe(flags, terminal)
  })
  addServeAdmin(command, terminal, exit)
}
