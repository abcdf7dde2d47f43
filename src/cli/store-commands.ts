import { type Command, Option } from 'commander'
import { addStoreOptions } from './common-options.ts'
import { tableFormats } from './print-table.ts'
import type { SqlFlags } from './sql.ts'
import type { Terminal } from './terminal.ts'

type Exit = { code: number }

/** The commands that look into the store, or at what llmcost knows by itself. */
export function addStoreCommands(program: Command, terminal: Terminal, exit: Exit): void {
  addSql(program, terminal, exit)
}

const tableFormat = () =>
  new Option('--format <format>', 'how to print (default table)').choices(tableFormats)

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
