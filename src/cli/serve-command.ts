import { type Command, Option } from 'commander'
import { addStoreOptions, collect } from './common-options.ts'
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
  llmcost serve --warm-from-log logs/*.jsonl                  # or: --warm-from-log store
  llmcost serve --content none --redact
  OPENAI_BASE_URL=http://127.0.0.1:4143/v1 llmcost serve      # in front of llmcost mock

It prints the OPENAI_BASE_URL and ANTHROPIC_BASE_URL that applications need, and the address of its dashboard.
What passed through is in every report:
  llmcost analyze`

/** What is said otherwise of a gateway's policy: it has one, and no log. */
const live = {
  policy: 'the policy file (default: LLMCOST_POLICY, else the nearest llmcost.yaml)',
  embedders: 'static (default), lexical, openai:MODEL, local:MODEL',
  inserts: 'what hits leave: on-miss (default), always',
}

/** `llmcost serve`: the gateway. */
export function addServe(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('serve')
    .summary('run the policy as a gateway for OpenAI and Anthropic clients')
    .description(
      'Listens on this machine, decides each request by the policy, and writes down what it cost.\n' +
        'Without a policy it passes everything through and only writes down. A new policy file is taken over while it runs.\n' +
        'Ctrl-C lets answers under way end.',
    )
    .option('--port <n>', 'where applications ask; 0: a free port (default 4141)', portNumber)
    .option('--host <address>', 'any other than loopback demands serve.keys (default 127.0.0.1)')
    .option('--admin-port <n>', 'dashboard, metrics, administration (default 4142)', portNumber)
    .option(
      '--admin-host <address>',
      'any other than loopback demands LLMCOST_ADMIN_TOKEN (default 127.0.0.1)',
    )
    .addOption(
      new Option(
        '--content <mode>',
        'what of prompts and answers is written down: full by default, hash where --host is not loopback',
      ).choices(['full', 'hash', 'none']),
    )
    .addOption(
      new Option('--log <format>', 'the log on stderr: text at a terminal, else json').choices([
        'text',
        'json',
      ]),
    )
    .option(
      '--replay-clock',
      'in front of a mock alone: times are those of a log (docs/methods.md)',
    )
    .option(
      '--warm-from-log <files...>',
      'first fill the cache from these logs, or from all that the store holds: store',
    )
    .option('--debug', 'show memory and open handles at /debug/resources of the admin port')
    .option('--redact', 'replace e-mail, phone, card, key and IP patterns in what is written down')
    .option(
      '--prices <file>',
      'a YAML or JSON file of price overrides and aliases (also LLMCOST_PRICES)',
      collect,
    )
    .addHelpText('after', examples)
  addPolicyFlags(addStoreOptions(command), live).action(async (flags: ServeFlags) => {
    const { runServe } = await import('./serve.ts')
    exit.code = await runServe(flags, terminal)
  })
  addServeAdmin(command, terminal, exit)
}
