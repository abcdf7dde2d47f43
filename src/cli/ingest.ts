import type { InputFlags } from './common-options.ts'
import { interruptedCode, rejectedCode } from './load-codes.ts'
import { openLogs } from './logs.ts'
import { openRunPrices } from './price-book.ts'
import type { Terminal } from './terminal.ts'

/** `llmcost ingest`: reads logs and says what became of them. */
export async function runIngest(
  files: readonly string[],
  flags: InputFlags,
  terminal: Terminal,
): Promise<number> {
  const logs = await openLogs(files, flags, terminal, openRunPrices(flags, terminal))
  try {
    if (logs.interrupted) return interruptedCode(terminal)
    terminal.stdout.write(`${JSON.stringify(logs.report, null, 2)}\n`)
    return rejectedCode(logs, flags, terminal)
  } finally {
    logs.store.close()
  }
}
