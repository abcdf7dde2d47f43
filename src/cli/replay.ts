import { UserError } from '../domain/user-error.ts'
import { formatReplay } from '../report/format-replay.ts'
import { zoneOf } from './common-options.ts'
import { interruptible } from './interrupt.ts'
import { interruptedCode } from './load-codes.ts'
import { openLogs } from './logs.ts'
import { openRunPrices } from './price-book.ts'
import type { ReplayFlags } from './replay-flags.ts'
import { openLogCases } from './replay-log.ts'
import { replaySession } from './replay-session.ts'
import { rewriteOf } from './run-program.ts'
import { policiesInForce } from './simulate-policies.ts'
import { openSimulation } from './simulation.ts'
import { type Terminal, viewOf } from './terminal.ts'
import { writeOut } from './write-out.ts'

/** `llmcost replay`: what a policy loses in quality and saves in dollars, measured by asking again. */
export async function runReplay(
  files: readonly string[],
  flags: ReplayFlags,
  terminal: Terminal,
): Promise<number> {
  refuseConflicts(files, flags)
  const prices = await openRunPrices(flags, terminal)
  const { format = 'terminal', ...others } = flags
  const policies = policiesInForce(others, terminal, prices)
  const logs = await openLogs(files, flags, terminal, prices)
  try {
    if (logs.interrupted) return interruptedCode(terminal)
    const result = await interruptible(terminal, async (signal) => {
      const job = { files, flags: others, terminal, prices, policies, grid: [], logs }
      const simulation = await openSimulation({ ...job, zone: zoneOf(flags.tz) })
      const receiptJob = await simulation.receiptJob(signal)
      const rewrite = rewriteOf(receiptJob.policy)
      const cases = await openLogCases(receiptJob, rewrite, logs.store.secret)
      const named = { policy: receiptJob.policy, costOf: receiptJob.costOf }
      return replaySession({ files, flags, terminal, prices, logs, cases, ...named, signal })
    })
    if (result === null) {
      terminal.stderr.write('nothing was asked\n')
      return 0
    }
    const view = viewOf(terminal.stdout, terminal.env)
    await writeOut(terminal.stdout, formatReplay(result, format, view))
    return result.end === 'stopped' ? interruptedCode(terminal) : 0
  } finally {
    logs.store.close()
  }
}

function refuseConflicts(files: readonly string[], flags: ReplayFlags): void {
  if (flags.suite !== undefined && files.length > 0) {
    throw new UserError('a suite and logs are two replays', {
      hint: 'leave out --suite, or the files',
    })
  }
  if (flags.suite !== undefined && flags.baseline === undefined) {
    throw new UserError('a suite says what is right, not what is asked today', {
      hint: 'name what to compare with: --baseline all:gpt-4o, --baseline old.yaml, or --baseline as-logged where the suite names models',
    })
  }
  if (flags.margin !== undefined && flags.marginOverall !== undefined) {
    throw new UserError('--margin and --margin-overall exclude each other', {
      hint: 'one is over changed requests, the other over all',
    })
  }
  if (flags.judge !== undefined && flags.scorer !== undefined) {
    throw new UserError('--judge and --scorer exclude each other', {
      hint: '--scorer judge:MODEL grades single answers, --judge MODEL compares two',
    })
  }
}
