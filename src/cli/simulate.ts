import { existsSync, writeFileSync } from 'node:fs'
import { UserError } from '../domain/user-error.ts'
import { writePolicy } from '../policy/write-policy.ts'
import { formatSimulate } from '../report/format-simulate.ts'
import { requireTerminal } from '../report/require-terminal.ts'
import { forecastOf } from '../simulate/forecast-of.ts'
import type { SimulateResult } from '../simulate/result.ts'
import { keepForecast } from '../store/forecasts.ts'
import { zoneOf } from './common-options.ts'
import { interruptible } from './interrupt.ts'
import { interruptedCode, rejectedCode } from './load-codes.ts'
import { type OpenLogs, openLogs } from './logs.ts'
import { openRunPrices } from './price-book.ts'
import { policiesInForce, type SimulateFlags } from './simulate-policies.ts'
import { explainDecision, writeReceiptFile } from './simulate-receipts.ts'
import { openSimulation, type Simulation, type SimulationJob } from './simulation.ts'
import { sweepOf } from './sweep-grid.ts'
import { taughtForecastKey } from './taught-forecast-key.ts'
import { type Terminal, viewOf } from './terminal.ts'
import { writeOut } from './write-out.ts'

/** `llmcost simulate`: what a policy would have cost on these logs. */
export async function runSimulate(
  files: readonly string[],
  flags: SimulateFlags,
  terminal: Terminal,
): Promise<number> {
  if (flags.interactive === true) requireTerminal(terminal)
  const zone = zoneOf(flags.tz)
  const sweep = sweepOf(flags.sweep)
  const prices = await openRunPrices(flags, terminal)
  const policies = policiesInForce(flags, terminal, prices)
  if (flags.write !== undefined) refuseToReplace(flags.write)
  const logs = await openLogs(files, flags, terminal, prices)
  try {
    if (logs.interrupted) return interruptedCode(terminal)
    const job = { files, flags, terminal, prices, policies, ...sweep, zone, logs }
    const output = await interruptible(terminal, async (signal) =>
      outputOf(await openSimulation(job), job, signal),
    )
    if (flags.write !== undefined) writeNew(flags.write, writePolicy(policies[0].policy))
    await writeOut(terminal.stdout, output)
    return rejectedCode(logs, flags, terminal)
  } finally {
    logs.store.close()
  }
}

/** Said before the logs are read, which may take long. */
function refuseToReplace(path: string): void {
  if (!existsSync(path)) return
  throw new UserError(`${path} is there already`, {
    hint: 'name another file for --write, or remove it first',
  })
}

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' })
  } catch (error) {
    throw new UserError(`${path} cannot be written (${(error as NodeJS.ErrnoException).code})`, {
      hint: 'name another file for --write',
    })
  }
}

/** What was found out of a policy, for a gateway that comes to run it. */
function keepForecastOf(result: SimulateResult, key: string, { store }: OpenLogs): void {
  const { database } = store
  try {
    database.transaction(() => keepForecast(database, forecastOf(result, key)))
  } catch {
    // A store that cannot be written to has no forecast for a gateway.
  }
}

/** The report, or what was asked for in its place. */
async function outputOf(
  simulation: Simulation,
  { flags, terminal, logs, policies }: SimulationJob,
  signal: AbortSignal,
): Promise<string> {
  const { explain, receipts, interactive } = flags
  if (interactive === true) {
    const { explore } = await import('./simulate-interactive.ts')
    await explore(await simulation.explorerJob(signal))
    return ''
  }
  if (explain !== undefined) return explainDecision(explain, await simulation.receiptJob(signal))
  if (receipts !== undefined) await writeReceiptFile(receipts, await simulation.receiptJob(signal))
  const result = await simulation.result(signal)
  const key = await taughtForecastKey(policies[0].policy, simulation.evidenceIn)
  keepForecastOf(result, key, logs)
  return formatSimulate(result, flags.format ?? 'terminal', viewOf(terminal.stdout, terminal.env))
}
