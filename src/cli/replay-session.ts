import { setTimeout as sleep } from 'node:timers/promises'
import type { Call } from '../domain/call.ts'
import type { ReplyStore } from '../domain/kept-reply.ts'
import { UserError } from '../domain/user-error.ts'
import { describePolicy } from '../policy/describe-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import { openValidatorAsks } from '../replay/ask-validators.ts'
import type { Asker } from '../replay/asker.ts'
import type { ReplayCase } from '../replay/case.ts'
import { type Planned, planReplay } from '../replay/plan.ts'
import { plannedResult, type ReplayHead, type ReplayOptions, replay } from '../replay/replay.ts'
import type { ReplayResult } from '../replay/result.ts'
import { openSpendCap, type SpendCap } from '../replay/spend-cap.ts'
import type { Similarity } from '../score/equivalence.ts'
import { openReplies } from '../store/replies.ts'
import type { CostOf } from '../worlds/model-costs.ts'
import { nowMs } from './clock.ts'
import { inputsOf, warningsOf } from './input-summary.ts'
import { similarityOf } from './log-embedder.ts'
import type { OpenLogs } from './logs.ts'
import { Narrator } from './narrator.ts'
import type { RunPrices } from './price-book.ts'
import { armsOf, nanoUsdOf } from './replay-arms.ts'
import { type ReplayBaseline, replayBaseline } from './replay-baseline.ts'
import { comparisonOf } from './replay-comparison.ts'
import { confirmSpend } from './replay-confirm.ts'
import type { ReplayFlags } from './replay-flags.ts'
import type { CaseSource } from './replay-log.ts'
import { callKeys, openReplayModels, type ReplayModels } from './replay-models.ts'
import { plannedCalls } from './replay-prices.ts'
import { askerOf, marginOf, refuseUnpriced, runName } from './replay-run.ts'
import { runProgram } from './run-program.ts'
import type { Terminal } from './terminal.ts'

export type SessionJob = {
  readonly files: readonly string[]
  readonly flags: ReplayFlags
  readonly terminal: Terminal
  readonly prices: RunPrices
  readonly logs: OpenLogs
  readonly cases: CaseSource
  /** With models in the place of tiers. */
  readonly policy: Policy
  readonly costOf: CostOf
  readonly signal: AbortSignal
}

/** Pairs expected to differ, power, and calls under way, where no flag says otherwise (docs/methods.md, "Replay"). */
const usual = { discordant: 0.1, power: 0.8, concurrency: 8 } as const

/** Plans, asks whether to spend, asks the models and says what came of it. Null: the user said no. */
export async function replaySession(job: SessionJob): Promise<ReplayResult | null> {
  const { flags, terminal, logs, policy } = job
  const keyOf = callKeys(logs.store.secret)
  const expected = new Map<string, string>()
  const narrator = new Narrator(terminal, flags)
  const concurrency = flags.concurrency ?? usual.concurrency
  const models = await openReplayModels({
    flags,
    terminal,
    concurrency,
    own: policy.serve.providers,
    expectedOf: (call) => expected.get(keyOf(call)) ?? null,
    onLoss: (sentence) => narrator.detail(sentence),
  })
  try {
    const session = await openSession(job, models, keyOf, concurrency)
    for (const each of session.planned.sample) rememberRight(each, keyOf, expected)
    return await runSession(job, session, models, narrator)
  } finally {
    narrator.clear()
    await models.close()
  }
}

/** What a mock takes for right: what a suite expects, or the log's answer. */
function rememberRight(
  { call, candidateCall, expected: wanted, logged }: ReplayCase,
  keyOf: (call: Call) => string,
  expected: Map<string, string>,
): void {
  const right = wanted ?? logged?.text ?? null
  if (right === null) return
  for (const each of [call, candidateCall]) expected.set(keyOf(each), right)
}

/** A plan, and everything to carry it out. */
type Session = {
  readonly planned: Planned
  readonly asker: Asker
  readonly cap: SpendCap
  readonly baseline: ReplayBaseline
  readonly needsAgain: boolean
  readonly similarity: Similarity
  readonly options: Omit<ReplayOptions, 'arms'>
}

async function openSession(
  job: SessionJob,
  models: ReplayModels,
  keyOf: (call: Call) => string,
  concurrency: number,
): Promise<Session> {
  const { flags, terminal, logs, cases } = job
  const replies = openReplies(logs.store.database)
  const baseline = replayBaseline(flags.baseline, job.prices)
  const run = runName(job, models.name, baseline.name)
  const spentBefore = spendBefore(replies, run, flags)
  const limit = flags.budget === undefined ? null : nanoUsdOf(flags.budget)
  const cap = openSpendCap(limit, spentBefore)
  const hasLimit = limit !== null
  const asker = askerOf(job, { run, replies, cap, models, keyOf, hasLimit })
  const similarity = await similarityOf()
  const { comparison, judge } = comparisonOf({ flags, asker, similarity })
  const needsAgain = comparison.kind === 'agreement'
  const now = nowMs(terminal)
  const planned = await planReplay(cases, {
    margin: marginOf(flags, cases),
    discordantShare: flags.discordant ?? usual.discordant,
    power: flags.power ?? usual.power,
    sampleSize: flags.sample ?? null,
    isFixed: flags.fixed === true,
    concurrency,
    budgetNanoUsd: limit,
    seed: run,
    assumptions: cases.assumptions(),
    callsOf: plannedCalls({
      cases,
      baseline: baseline.compiled,
      needsAgain,
      judge,
      costOf: (target, usage) => job.costOf(target, usage, now),
      replies,
      keyOf,
    }),
  })
  const options = {
    head: headOf(job, run, baseline.name),
    planned,
    comparison,
    concurrency,
    seed: run,
    judgeOf: () => null,
    spent: () => replies.spendOf(run),
  }
  return { planned, asker, cap, baseline, needsAgain, similarity, options }
}

/** What earlier parts of the run spent; failures are forgotten where they are to be asked for again. */
function spendBefore(replies: ReplyStore, run: string, flags: ReplayFlags): number {
  if (flags.retryErrors === true) replies.forgetFailures(run)
  const { settled, maybeBilled } = replies.spendOf(run)
  if (flags.resume === true && settled + maybeBilled === 0) throw nothingToResume()
  return settled + maybeBilled
}

async function runSession(
  { flags, terminal, cases, signal }: SessionJob,
  { planned, asker, cap, baseline, needsAgain, similarity, options }: Session,
  models: ReplayModels,
  narrator: Narrator,
): Promise<ReplayResult | null> {
  if (flags.dryRun === true) return plannedResult(options)
  refuseUnpriced(planned, flags.budget !== undefined)
  await models.check(targetsOf(planned, cases))
  if (!(await confirmSpend(planned.plan, flags, terminal))) return null
  const asks = openValidatorAsks({
    asker,
    similarity,
    nowMs: () => performance.now(),
    passes: async (command, input, timeoutMs) =>
      (await runProgram(command, input, timeoutMs)).code === 0,
  })
  const arms = armsOf({
    asker,
    cases,
    asks,
    baseline: baseline.compiled,
    needsAgain,
    seed: options.seed,
    wait: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
  })
  const total = planned.sample.length
  return replay({
    ...options,
    arms,
    signal,
    onProgress: (done) =>
      narrator.working(`asking, $${(cap.spent / 1e9).toFixed(2)} spent`, done, total),
  })
}

function headOf(
  { terminal, logs, policy, prices }: SessionJob,
  run: string,
  baseline: string,
): ReplayHead {
  const { database } = logs.store
  return {
    generatedAt: new Date(nowMs(terminal)).toISOString(),
    inputs: inputsOf(database, logs),
    fingerprints: {
      policy: policyFingerprint(policy),
      prices: prices.fingerprint,
      embedder: null,
    },
    warnings: warningsOf(database, logs),
    run,
    policyText: describePolicy(policy).join(' '),
    baseline,
  }
}

/** Every target that the sample will be asked of for sure. */
function targetsOf({ sample }: Planned, { compiled, seenOf }: CaseSource): readonly string[] {
  const targets = new Set<string>()
  for (const each of sample) {
    const decision = compiled.routeOf(seenOf(each).facts)
    const ladder = decision.kind === 'routed' ? (decision.ladder ?? []) : []
    for (const { target } of ladder) targets.add(target)
    if (each.change !== 'cached' && ladder.length === 0) targets.add(ownTarget(each))
  }
  return [...targets].sort()
}

const ownTarget = ({ call }: ReplayCase): string => call.model

const nothingToResume = (): UserError =>
  new UserError('there is no run to go on with', {
    hint: 'leave out --resume to begin one; a run is the same when logs, policy, baseline, scorer and sample are',
  })
