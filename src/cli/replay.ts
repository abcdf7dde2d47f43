import { UserError } from '../domain/user-error.ts'
import { chooseTiers } from '../policy/tiers.ts'
import { formatReplay } from '../report/format-replay.ts'
import { openStore, type Store, storeError } from '../store/store.ts'
import { nameTiers } from '../worlds/named-tiers.ts'
import { nowMs } from './clock.ts'
import { keepHeapSmall } from './collect-garbage.ts'
import { zoneOf } from './common-options.ts'
import { inputsOf, warningsOf } from './input-summary.ts'
import { interruptible } from './interrupt.ts'
import { interruptedCode } from './load-codes.ts'
import { replayClassifiers } from './log-classifiers.ts'
import { openLogs, storePath } from './logs.ts'
import { Narrator } from './narrator.ts'
import { openRunPrices, type RunPrices } from './price-book.ts'
import type { ReplayFlags } from './replay-flags.ts'
import { openLogCases } from './replay-log.ts'
import { replaySession } from './replay-session.ts'
import { openSuite, suiteCases } from './replay-suite.ts'
import { rewriteOf } from './rewrite-by-program.ts'
import { policiesInForce } from './simulate-policies.ts'
import { openSimulation } from './simulation.ts'
import { targetCosts } from './target-costs.ts'
import { type Terminal, viewOf } from './terminal.ts'
import { untrainedWarnings } from './train-classifiers.ts'
import { writeOut } from './write-out.ts'

type ReplayJob = {
  readonly files: readonly string[]
  readonly flags: ReplayFlags
  readonly terminal: Terminal
  readonly prices: RunPrices
}

/** `llmcost replay`: what a policy loses in quality and saves in dollars, measured by asking again. */
export async function runReplay(
  files: readonly string[],
  flags: ReplayFlags,
  terminal: Terminal,
): Promise<number> {
  refuseConflicts(files, flags)
  keepHeapSmall()
  const prices = await openRunPrices(flags, terminal)
  const job = { files, flags, terminal, prices }
  return flags.suite === undefined ? replayLogs(job) : replaySuite(job, flags.suite)
}

async function replayLogs({ files, flags, terminal, prices }: ReplayJob): Promise<number> {
  const { format: _, ...others } = flags
  // What earlier replays measured must not change which requests this one draws.
  const simulated = { ...others, measured: false }
  const policies = policiesInForce(simulated, terminal, prices)
  const logs = await openLogs(files, flags, terminal, prices)
  try {
    if (logs.interrupted) return interruptedCode(terminal)
    const { store } = logs
    return await ended({ flags, terminal }, async (signal) => {
      const simulation = await openSimulation({
        files,
        flags: simulated,
        terminal,
        prices,
        policies,
        grid: [],
        zone: zoneOf(flags.tz),
        logs,
        mayAsk: flags.dryRun !== true,
      })
      const receiptJob = await simulation.receiptJob(signal)
      const { policy, costOf, trained } = receiptJob
      const rewrite = rewriteOf(policy)
      const cases = await openLogCases(receiptJob, rewrite, store.secret)
      const inputs = inputsOf(store.database, logs)
      const warnings = [...warningsOf(store.database, logs), ...untrainedWarnings(trained)]
      const about = { inputs, warnings, policy, costOf, cases, log: simulation.log }
      return replaySession({ files, flags, terminal, prices, store, ...about, signal })
    })
  } finally {
    logs.store.close()
  }
}

async function replaySuite({ flags, terminal, prices }: ReplayJob, path: string): Promise<number> {
  const { format: _, ...others } = flags
  const [{ policy: asked }] = policiesInForce(others, terminal, prices)
  const { suite, inputs, warnings } = openSuite(path, flags.baseline ?? '')
  const policy = nameTiers(asked, chooseTiers(asked.tiers, null).tiers)
  const costOf = targetCosts(prices.book)
  const store = await storeOf(flags, terminal)
  try {
    const now = nowMs(terminal)
    const rewrite = rewriteOf(policy)
    return await ended({ flags, terminal }, async (signal) => {
      const job = { flags, terminal, prices, store, signal }
      const files = [...(flags.evidence ?? []), ...policy.evidence]
      const trained = await replayClassifiers(policy, files, {
        ...job,
        mayAsk: flags.dryRun !== true,
      })
      const cases = suiteCases(
        suite,
        policy,
        trained.classifiers,
        costOf,
        rewrite,
        store.secret,
        now,
      )
      const about = {
        inputs,
        warnings: [...warnings, ...untrainedWarnings(trained)],
        policy,
        costOf,
        log: null,
      }
      return replaySession({ ...job, files: [], ...about, cases })
    })
  } finally {
    store.close()
  }
}

/** The store, made where there is none: answers that are paid for need a place. */
async function storeOf(flags: ReplayFlags, terminal: Terminal): Promise<Store> {
  const path = storePath(flags, terminal)
  const narrator = new Narrator(terminal, flags)
  try {
    const store = await openStore({
      path,
      driver: terminal.env['LLMCOST_SQLITE'],
      create: true,
      notice: (sentence) => narrator.say(sentence),
    })
    if (store !== null) return store
  } catch (error) {
    throw storeError(error, path)
  }
  throw new UserError(`no store could be made at ${path}`, { hint: 'name another place with --db' })
}

/** Prints what a session came to, and says with which code to end. */
async function ended(
  { flags, terminal }: Pick<ReplayJob, 'flags' | 'terminal'>,
  session: (signal: AbortSignal) => ReturnType<typeof replaySession>,
): Promise<number> {
  const outcome = await interruptible(terminal, session)
  if (outcome === null) {
    terminal.stderr.write('nothing was asked\n')
    return 0
  }
  if (typeof outcome === 'string') {
    await writeOut(terminal.stdout, outcome)
    return 0
  }
  const view = viewOf(terminal.stdout, terminal.env)
  await writeOut(terminal.stdout, formatReplay(outcome, flags.format ?? 'terminal', view))
  return outcome.end === 'stopped' ? interruptedCode(terminal) : 0
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
  for (const [one, other, why] of exclusive) {
    if (flags[one] === undefined || flags[other] === undefined) continue
    throw new UserError(`${flagName(one)} and ${flagName(other)} exclude each other`, { hint: why })
  }
}

const exclusive = [
  ['margin', 'marginOverall', 'one is over changed requests, the other over all'],
  ['judge', 'scorer', '--scorer judge:MODEL grades single answers, --judge MODEL compares two'],
  ['mock', 'recorded', 'leave one of them out'],
  ['mock', 'record', 'a mock says the same again without a cassette'],
  ['scorer', 'human', 'people judge pairs: leave out --scorer'],
  ['scorer', 'label', 'people judge pairs: leave out --scorer'],
  ['human', 'label', 'both name the file of verdicts: name one'],
] as const satisfies readonly (readonly [keyof ReplayFlags, keyof ReplayFlags, string])[]

const flagName = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
