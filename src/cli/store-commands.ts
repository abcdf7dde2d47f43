import { type Command, Option } from 'commander'
import { tuningFormats } from '../domain/tuning-format.ts'
import { addFilterOptions, addStoreOptions, collect } from './common-options.ts'
import type { DoctorFlags } from './doctor.ts'
import type { ExplainFlags } from './explain.ts'
import type { ExportFlags } from './export.ts'
import { wholeNumber } from './flag-values.ts'
import type { PricesFlags } from './prices.ts'
import type { PricesUpdateFlags } from './prices-update.ts'
import { tableFormats } from './print-table.ts'
import type { PurgeFlags } from './purge.ts'
import type { SqlFlags } from './sql.ts'
import type { Terminal } from './terminal.ts'

type Exit = { code: number }

/** The commands that look into the store, or at what llmcost knows by itself. */
export function addStoreCommands(program: Command, terminal: Terminal, exit: Exit): void {
  addSql(program, terminal, exit)
  addPrices(program, terminal, exit)
  addExport(program, terminal, exit)
  addPurge(program, terminal, exit)
  addExplain(program, terminal, exit)
  addDoctor(program, terminal, exit)
}

const tableFormat = () =>
  new Option('--format <format>', 'how to print (default table)').choices(tableFormats)

const textFormat = () =>
  new Option('--format <format>', 'how to print (default text)').choices(['text', 'json'])

function addSql(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('sql')
    .summary('ask the store in SQL')
    .description('Runs one SQL statement that reads, on the views of the store.')
    .argument('[query]', 'a SELECT, WITH, VALUES or EXPLAIN; - reads it from standard input')
    .addOption(tableFormat())
    .option('--views', 'list the views and their columns')
    .addHelpText(
      'after',
      `
Examples:
  llmcost sql --views
  llmcost sql "select model, count(*), sum(costUsd) from v_requests group by model"
  llmcost sql "select day, sum(costUsd) from v_daily group by day" --format csv > days.csv`,
    )
  addStoreOptions(command).action(async (query: string | undefined, flags: SqlFlags) => {
    const { runSql } = await import('./sql.ts')
    exit.code = await runSql(query, flags, terminal)
  })
}

function addPrices(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('prices')
    .summary('look into the price book, or renew it')
    .description(
      'Lists what the price book says: dated rates by model, long-context bands, and what changes them.',
    )
    .argument('[model]', 'a name as logs write it, provider:model, or a part of a name')
    .option('--provider <name>', 'only models that this provider sells')
    .option('--at <date>', 'only the rates in force on that day')
    .option('--prices <file>', 'price overrides to list first (also LLMCOST_PRICES)', collect)
    .addOption(tableFormat())
    .addHelpText(
      'after',
      `
Examples:
  llmcost prices gpt-4o
  llmcost prices --provider anthropic --at 2026-03-01
  llmcost prices --format csv > prices.csv
  llmcost prices update --file data.json`,
    )
  addStoreOptions(command).action(async (model: string | undefined, flags: PricesFlags) => {
    const { runPrices } = await import('./prices.ts')
    exit.code = await runPrices(model, flags, terminal)
  })
  addPricesUpdate(command, terminal, exit)
}

function addPricesUpdate(prices: Command, terminal: Terminal, exit: Exit): void {
  const command = prices
    .command('update')
    .summary('use another price file than the bundled one')
    .description(
      'Checks a data file of genai-prices (version 2) and uses it from now on. Nothing is fetched unless you name a URL.',
    )
    .option('--file <file>', 'a price file on this machine')
    .option('--url <url>', 'a price file to fetch, once; not through a proxy')
    .option('--date <date>', 'the day the file speaks for, where it does not say')
    .option('--reset', 'go back to the prices that llmcost brings along')
    .addHelpText(
      'after',
      `
Examples:
  llmcost prices update --file data.json
  llmcost prices update --url https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/new_data/v2/data.json
  llmcost prices update --reset`,
    )
  addStoreOptions(command).action(async (flags: PricesUpdateFlags) => {
    const { runPricesUpdate } = await import('./prices-update.ts')
    exit.code = await runPricesUpdate(flags, terminal)
  })
}

function addExport(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('export')
    .summary('write stored requests as JSON lines')
    .description(
      'Writes the stored requests as canonical JSONL (docs/formats.md): one request a line, with prompt and answer where their text is kept. Read into another store it gives the same totals. Receipts hold no text.',
    )
    .option('--canonical', 'canonical JSONL, the default')
    .option(
      '--receipts',
      'instead, what a policy would have decided for each request, step by step',
    )
    .option('--policy <file>', 'the policy of --receipts (default: as of simulate)', collect)
    .option(
      '--escalations',
      'what cheap models failed in replays and behind a gateway, with the right answer, for fine-tuning',
    )
    .addOption(
      new Option('--format <format>', 'of --escalations (default openai)').choices(tuningFormats),
    )
    .option(
      '--shadow',
      'cached answers that a gateway gave, or would have given, beside fresh ones, as a CSV for llmcost label --import',
    )
    .option(
      '--routed',
      'answers of cheaper models that a gateway audited beside the strongest model’s, blind, as a CSV for llmcost label --import',
    )
    .option('--limit <n>', 'of --shadow and --routed: how many pairs (default 200)', wholeNumber)
    .option('--out <file>', 'write to this file, readable by you only, instead of standard output')
    .addHelpText(
      'after',
      `
Examples:
  llmcost export --canonical --out requests.jsonl
  llmcost export --since 7d --where feature=search | gzip > search.jsonl.gz
  llmcost export --receipts --policy llmcost.yaml --out receipts.jsonl
  llmcost export --escalations --format openai --out tuning.jsonl
  llmcost export --shadow --out pairs.csv
  llmcost export --routed --limit 50 --out pairs.csv`,
    )
  addFilterOptions(addStoreOptions(command)).action(async (flags: ExportFlags) => {
    const { runExport } = await import('./export.ts')
    exit.code = await runExport(flags, terminal)
  })
}

function addPurge(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('purge')
    .summary('erase from the store')
    .description(
      'Deletes requests from the store with the text that only they have, and gives the space back. The logs themselves are not touched; what a gateway has written is erased as well, but for times and costs. Conditions together must all hold.',
    )
    .option('--older-than <age>', 'requests made longer ago than this: 24h, 30d, 8w')
    .option('--before <date>', 'requests made before this time')
    .option('--user <user>', 'requests of this user')
    .option(
      '--source <path...>',
      'all that came from this file or folder; it is read anew when you name it again',
    )
    .option('--all', 'everything')
    .option('--dry-run', 'only say what would go')
    .option('-y, --yes', 'do not ask')
    .addOption(textFormat())
    .addHelpText(
      'after',
      `
Examples:
  llmcost purge --older-than 30d --yes
  llmcost purge --user alice@example.com
  llmcost purge --source logs/june.jsonl --dry-run`,
    )
  addStoreOptions(command).action(async (flags: PurgeFlags) => {
    const { runPurge } = await import('./purge.ts')
    exit.code = await runPurge(flags, terminal)
  })
}

function addDoctor(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('doctor')
    .summary('check versions, store, prices and environment')
    .description(
      'Looks at what llmcost runs on and says what is wrong and what to do. Changes nothing; keys are only seen to be set.',
    )
    .addOption(textFormat())
    .addHelpText(
      'after',
      `
Examples:
  llmcost doctor
  llmcost doctor --format json | jq '.checks[] | select(.status == "warn")'`,
    )
  addStoreOptions(command).action(async (flags: DoctorFlags) => {
    const { runDoctor } = await import('./doctor.ts')
    exit.code = await runDoctor(flags, terminal)
  })
}

function addExplain(program: Command, terminal: Terminal, exit: Exit): void {
  const command = program
    .command('explain')
    .summary('show how the cost of one request comes about')
    .description(
      'Shows one stored request: where it stands in its log, what is known of it, and each token class times its price.',
    )
    .argument('<id>', "the log's own id, the provider's response id, or seq:NUMBER in this store")
    .addOption(
      new Option('--format <format>', 'how to print (default terminal)').choices([
        'terminal',
        'json',
      ]),
    )
    .addHelpText(
      'after',
      `
Examples:
  llmcost explain chatcmpl-9f2c77aa01bd4e
  llmcost explain seq:1204
  llmcost explain req_01 --format json`,
    )
  addStoreOptions(command).action(async (id: string, flags: ExplainFlags) => {
    const { runExplain } = await import('./explain.ts')
    exit.code = await runExplain(id, flags, terminal)
  })
}
