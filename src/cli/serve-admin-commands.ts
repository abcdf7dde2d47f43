import { type Command, InvalidArgumentError, Option } from 'commander'
import type { AdminFlags } from './ask-admin.ts'
import { collect } from './common-options.ts'
import { dollars, portNumber, wholeNumber } from './flag-values.ts'
import type { Terminal } from './terminal.ts'

type Exit = { code: number }

/** The commands that talk to a gateway that runs: status, cache, budgets, breakers, trials, reload. */
export function addServeAdmin(serve: Command, terminal: Terminal, exit: Exit): void {
  // What stands behind a command's name is its own: `serve status --admin-port 5`.
  serve.enablePositionalOptions()
  const add: Add = (parent, name, does, run) => {
    const command = parent
      .command(name)
      .summary(does)
      .description(`${sentence(does)}.`)
    return withAdminOptions(command).action(async (...given: unknown[]) => {
      const words = given.slice(0, -2) as string[]
      exit.code = await run(terminal, command.optsWithGlobals(), words)
    })
  }
  addStatus(serve, add)
  addCache(serve, add)
  addBudgets(serve, add)
  addBreakers(serve, add)
  addTrials(serve, add)
  add(serve, 'reload', 'have a running gateway read its policy file again', async (on, flags) =>
    (await admin()).runReload(flags, on),
  ).addHelpText('after', '\nExample:\n  llmcost serve reload --admin-port 5142')
}

type Run = (terminal: Terminal, flags: AdminFlags, words: readonly string[]) => Promise<number>
type Add = (parent: Command, name: string, does: string, run: Run) => Command

const admin = () => import('./serve-admin.ts')
const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const withAdminOptions = (command: Command): Command =>
  command
    .option(
      '--admin-port <n>',
      'where the gateway is asked (default: as the policy file says, else 4142)',
      portNumber,
    )
    .option(
      '--admin-host <address>',
      'its address (default: as the policy file says, else 127.0.0.1)',
    )
    .option('--policy <file>', 'the policy file (default: the nearest llmcost.yaml)', collect)
    .addOption(
      new Option('--format <format>', 'how to print (default text)').choices(['text', 'json']),
    )

function addStatus(serve: Command, add: Add): void {
  add(serve, 'status', 'show how a running gateway is, and what it has done', async (on, flags) =>
    (await import('./serve-status.ts')).runServeStatus(flags, on),
  )
    .option('--watch', 'keep showing it, until Ctrl-C')
    .addHelpText(
      'after',
      `
Examples:
  llmcost serve status
  llmcost serve status --watch
  llmcost serve status --format json --admin-port 5142`,
    )
}

function addCache(serve: Command, add: Add): void {
  const cache = serve
    .command('cache')
    .summary('look into the cache of a running gateway, or remove from it')
    .description('Looks into the cache of a running gateway, or removes from it.')
    .addHelpText('after', cacheExamples)
  add(cache, 'list', 'list cached answers', async (on, flags) =>
    (await admin()).runCacheList(flags, on),
  )
    .option('--namespace <name>', 'only those of this namespace')
    .option('--limit <n>', 'how many at most (default 50)', wholeNumber)
    .addHelpText('after', cacheExamples)
  add(cache, 'show', 'show a cached answer', async (on, flags, [id = '']) =>
    (await admin()).runCacheShow(id, flags, on),
  )
    .argument('<id>', 'of the request that it was made for, as the list has it')
    .addHelpText('after', cacheExamples)
  add(cache, 'invalidate', 'remove cached answers', async (on, flags) =>
    (await admin()).runCacheInvalidate(flags, on),
  )
    .option('--request <id>', 'the answer that was made for this request')
    .option('--namespace <name>', 'of this namespace, as the list has it')
    .option('--tag <name=value>', 'of requests with this tag', tag)
    .option('--document-version <version>', 'of requests on this version of a document')
    .option('--prefix <pattern>', "of requests by fields: 'user:123:*', 'feature:chat:plan:free'")
    .option('--feature <name>', 'of requests of this feature')
    .option('--all', 'everything')
    .option('--dry-run', 'only say how many it would be')
    .addHelpText('after', cacheExamples)
}

const cacheExamples = `
Examples:
  llmcost serve cache list --limit 20
  llmcost serve cache show req_mb2k3f0x7qk4
  llmcost serve cache invalidate --prefix 'user:123:*' --dry-run
  llmcost serve cache invalidate --tag release=41`

function addBudgets(serve: Command, add: Add): void {
  const budgets = add(
    serve,
    'budgets',
    'show what is spent of budgets, and calls that may have been billed',
    async (on, flags) => (await admin()).runBudgets(flags, on),
  ).addHelpText('after', budgetExamples)
  budgets.enablePositionalOptions()
  add(
    budgets,
    'reconcile',
    'say what a call came to that a crash left open',
    async (on, flags, [id = '']) => (await admin()).runReconcile(id, flags, on),
  )
    .argument('<id>', 'of the request, as `llmcost serve budgets` has it')
    .option('--cost <usd>', 'what the provider billed for it, in dollars; 0: nothing', dollars)
    .addHelpText('after', budgetExamples)
}

const budgetExamples = `
Examples:
  llmcost serve budgets
  llmcost serve budgets reconcile req_mb2k3f0x7qk4 --cost 0.01`

function addBreakers(serve: Command, add: Add): void {
  const breakers = add(
    serve,
    'breakers',
    'show which targets failed too often to be asked',
    async (on, flags) => (await admin()).runBreakers(flags, on),
  ).addHelpText('after', breakerExamples)
  breakers.enablePositionalOptions()
  add(breakers, 'reset', 'ask a target again at once', async (on, flags, [target = '']) =>
    (await admin()).runBreakerReset(target, flags, on),
  )
    .argument('<target>', 'provider:model')
    .addHelpText('after', breakerExamples)
}

const breakerExamples = `
Examples:
  llmcost serve breakers
  llmcost serve breakers reset openai:gpt-4o-mini`

function addTrials(serve: Command, add: Add): void {
  const trials = add(
    serve,
    'trials',
    'show what shadow, canary and audits have found out',
    async (on, flags) => (await admin()).runTrials(flags, on),
  ).addHelpText('after', trialExamples)
  trials.enablePositionalOptions()
  add(trials, 'reset', 'undo what audits have done to a layer', async (on, flags, [layer = '']) =>
    (await admin()).runTrialReset(layer, flags, on),
  )
    .argument('<layer>', 'exact, semantic or routes')
    .addHelpText('after', trialExamples)
}

const trialExamples = `
Examples:
  llmcost serve trials
  llmcost serve trials reset semantic`

function tag(text: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf('=')
  if (equals > 0 && equals < text.length - 1)
    return { name: text.slice(0, equals), value: text.slice(equals + 1) }
  throw new InvalidArgumentError('write it as NAME=VALUE')
}
