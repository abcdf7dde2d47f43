import { plural } from '../report/numbers.ts'
import { zoneOf } from './common-options.ts'
import type { ExportFlags } from './export.ts'
import { interruptible } from './interrupt.ts'
import { openLogs } from './logs.ts'
import { Narrator } from './narrator.ts'
import { openRunPrices } from './price-book.ts'
import { policiesInForce } from './simulate-policies.ts'
import { writeReceipts } from './simulate-receipts.ts'
import { openSimulation } from './simulation.ts'
import type { Output, Terminal } from './terminal.ts'
import { writeOut } from './write-out.ts'

/**
 * What a policy would have decided on the stored requests, a receipt a line. `writeTo` gives the output to write to;
 * it has its name once the work is done.
 */
export async function exportReceipts(
  flags: ExportFlags,
  terminal: Terminal,
  writeTo: (work: (output: Output) => Promise<number>) => Promise<number>,
): Promise<void> {
  const { receipts: _, format: __, out, ...simulated } = flags
  const zone = zoneOf(flags.tz)
  const prices = await openRunPrices(simulated, terminal)
  const [first] = policiesInForce(simulated, terminal, prices)
  const logs = await openLogs([], simulated, terminal, prices)
  const policies = [first] as const
  try {
    const count = await interruptible(terminal, async (signal) => {
      const job = { files: [], flags: simulated, terminal, prices, policies, grid: [], zone, logs }
      const simulation = await openSimulation(job)
      const receipts = await simulation.receiptJob(signal)
      return writeTo((output) => writeReceipts(receipts, (block) => writeOut(output, block)))
    })
    const where = out === undefined ? '' : ` written to ${out}`
    new Narrator(terminal, flags).say(`${plural(count, 'receipt')} under ${first.name}${where}`)
  } finally {
    logs.store.close()
  }
}
