import type { Call } from '../domain/call.ts'
import type { ReplyStore } from '../domain/kept-reply.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import { UserError } from '../domain/user-error.ts'
import type { Asks } from '../engine/validators.ts'
import type { LogFacts } from '../policy/log-facts.ts'
import type { Policy } from '../policy/policy.ts'
import { textAsker } from '../replay/ask-text.ts'
import type { Asker } from '../replay/asker.ts'
import type { ReplayCase } from '../replay/case.ts'
import { type Planned, planReplay } from '../replay/plan.ts'
import { type ArmSource, plannedResult, type ReplayOptions, replay } from '../replay/replay.ts'
import type { ReplayResult } from '../replay/result.ts'
import { openSpendCap, type SpendCap } from '../replay/spend-cap.ts'
import { formatReplayPlan } from '../report/format-replay.ts'
import { openValidatorAsks } from '../score/ask-validators.ts'
import type { Similarity } from '../score/equivalence.ts'
import { openReplies } from '../store/replies.ts'
import { type Store, withReplayLock } from '../store/store.ts'
import type { CostOf } from '../worlds/model-costs.ts'
import { noNeighbours } from '../worlds/neighbour-classifier.ts'
import { nowMs } from './clock.ts'
import { replayClassifiers } from './log-classifiers.ts'
import { similarityOf } from './log-embedder.ts'
import { Narrator } from './narrator.ts'
import type { RunPrices } from './price-book.ts'
import { armsOf, nanoUsdOf } from './replay-arms.ts'
import { replayBaseline } from './replay-baseline.ts'
import { forBatches, takeInBatches } from './replay-batch-session.ts'
import { checkPairFiles, collectTargets } from './replay-checks.ts'
import { comparisonOf } from './replay-comparison.ts'
import { confirmSpend } from './replay-confirm.ts'
import type { ReplayFlags } from './replay-flags.ts'
import { headOf } from './replay-head.ts'
import { openKeeper } from './replay-keeper.ts'
import type { CaseSource } from './replay-log.ts'
import { openReplayModels, type ReplayModels } from './replay-models.ts'
import { isJudgedByPeople, keepsPairs, peopleOf } from './replay-people.ts'
import { plannedCalls } from './replay-prices.ts'
import {
  askerOf,
  marginOf,
  questionKeys,
  refuseUnpriced,
  runName,
  withinBudget,
} from './replay-run.ts'
import { runProgram } from './run-program.ts'
import { type Terminal, viewOf } from './terminal.ts'
import { untrainedWarnings } from './train-classifiers.ts'

export type SessionJob = {
  readonly files: readonly string[]
  readonly flags: ReplayFlags
  readonly terminal: Terminal
  readonly prices: RunPrices
  readonly store: Store
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
  readonly cases: CaseSource
  /** With models in the place of tiers. */
  readonly policy: Policy
  /** Null for a suite. */
  readonly log: LogFacts | null
  readonly costOf: CostOf
  readonly signal: AbortSignal
}

/** Pairs expected to differ, power, and calls under way, where no flag says otherwise (docs/methods.md, "Replay"). */
const usual = { discordant: 0.1, power: 0.8, concurrency: 8 } as const

/**
 * Plans, asks whether to spend, asks the models and says what came of it. Null: the user said no. A text: what was
 * written for batch services, in place of asking.
 */
export async function replaySession(job: SessionJob): Promise<ReplayResult | string | null> {
  const { flags, terminal, store, policy } = job
  const askedOf = questionKeys(store.secret)
  const rightAnswers: RightAnswers = new Map()
  const narrator = new Narrator(terminal, flags)
  const concurrency = flags.concurrency ?? usual.concurrency
  const models = await openReplayModels({
    flags,
    terminal,
    concurrency,
    own: policy.serve.providers,
    expectedOf(call) {
      const right = rightAnswers.get(askedOf(call)) ?? null
      return typeof right === 'number' ? job.cases.loggedText(right) : right
    },
    onLoss: (sentence) => narrator.detail(sentence),
  })
  const work = async () => {
    const open = () =>
      openSession(job, models, concurrency, (each) => {
        if (flags.mock !== undefined) rememberRight(each, askedOf, rightAnswers)
      })
    let session = await open()
    if (flags.readBatch !== undefined) {
      await takeInBatches(flags.readBatch, job, session, narrator)
      // What has come is neither asked for nor paid for again: the plan is another one.
      session = await open()
    }
    return runSession(job, session, models, narrator)
  }
  const waiting = {
    onWait: () => narrator.say('another replay is asking for this store: waiting for it'),
    signal: job.signal,
  }
  try {
    return await (flags.dryRun === true ? work() : withReplayLock(store, waiting, work))
  } finally {
    narrator.clear()
    await models.close()
  }
}

/** By the key of a call: the answer, or the number of the request that the log answers so. */
type RightAnswers = Map<string, string | number>

/** What a mock takes for right: what a suite expects, or the log's answer. */
function rememberRight(
  { call, candidateCall, expected, logged, seq }: ReplayCase,
  keyOf: (call: Call) => string,
  answers: RightAnswers,
): void {
  const right = expected ?? (logged?.text == null ? null : seq)
  if (right === null) return
  answers.set(keyOf(call), right)
  if (candidateCall !== call) answers.set(keyOf(candidateCall), right)
}

/** A plan, and everything to carry it out. */
export type Session = {
  readonly planned: Planned
  readonly asker: Asker
  readonly cap: SpendCap
  readonly replies: ReplyStore
  readonly keyOf: (call: Call) => string
  readonly arms: (asker: Asker) => ArmSource
  readonly targets: ReturnType<typeof collectTargets>
  readonly options: Omit<ReplayOptions, 'arms'>
}

async function openSession(
  job: SessionJob,
  models: ReplayModels,
  concurrency: number,
  onCase: (each: ReplayCase) => void,
): Promise<Session> {
  const { flags, terminal, store, cases } = job
  const replies = openReplies(store.database)
  const keyOf = questionKeys(store.secret + models.name)
  const baseline = await openBaseline(job)
  const run = runName(job, models.name, baseline.name)
  const limit = flags.budget === undefined ? null : nanoUsdOf(flags.budget)
  const cap = openSpendCap(limit, spendBefore(replies, run, flags))
  const asker = askerOf(job, { run, replies, cap, models, keyOf })
  const similarity = await similarityOf()
  const { comparison, judge, judgeOf } = comparisonOf({ flags, asker, similarity, seed: run })
  const needsAgain = comparison.kind === 'agreement'
  const about = { cases, baseline: baseline.compiled, neighbours: baseline.neighbours, needsAgain }
  const targets = collectTargets({ ...about, judgeOf })
  const now = nowMs(terminal)
  const callsOf = plannedCalls({
    ...about,
    judge,
    costOf: (target, usage) => job.costOf(target, usage, now),
    replies,
    keyOf,
  })
  const planned = await planReplay(withinBudget(cases, flags), {
    margin: marginOf(flags, cases),
    discordantShare: flags.discordant ?? usual.discordant,
    power: flags.power ?? usual.power,
    sampleSize: flags.sample ?? null,
    // What people say is known only when all is answered.
    isFixed: flags.fixed === true || isJudgedByPeople(flags),
    concurrency,
    budgetNanoUsd: limit,
    seed: run,
    assumptions: cases.assumptions(),
    callsOf,
    onCase(each) {
      targets.add(each)
      onCase(each)
    },
  })
  const head = headOf(job, run, baseline.name, models)
  const options = {
    head: { ...head, warnings: [...head.warnings, ...baseline.warnings, ...targets.warnings()] },
    planned,
    comparison,
    concurrency,
    seed: run,
    judgeOf: () => null,
    keepsTexts: keepsPairs(flags),
    spent: () => replies.spendOf(run),
  }
  const arms = (by: Asker): ArmSource =>
    armsOf({ ...about, asker: by, seed: run, asks: asksOf(by, similarity) })
  return { planned, asker, cap, replies, keyOf, arms, targets, options }
}

/** The baseline, its classifiers taught by its own files. */
async function openBaseline({ flags, terminal, prices, store, log, signal }: SessionJob) {
  const baseline = replayBaseline(flags.baseline, prices, log)
  if (baseline.compiled === null) return { ...baseline, neighbours: noNeighbours, warnings: [] }
  const { policy } = baseline.compiled
  const job = { flags, terminal, prices, store, signal, mayAsk: flags.dryRun !== true }
  const trained = await replayClassifiers(policy, policy.evidence, job)
  const warnings = untrainedWarnings(trained, `baseline ${baseline.name}: `)
  return { ...baseline, neighbours: trained.classifiers, warnings }
}

const asksOf = (asker: Asker, similarity: Similarity): Asks =>
  openValidatorAsks({
    askText: textAsker(asker),
    similarity,
    nowMs: () => performance.now(),
    passes: async (command, input, timeoutMs) =>
      (await runProgram(command, input, timeoutMs)).exitCode === 0,
  })

/** What earlier parts of the run spent; failures are forgotten where they are to be asked for again. */
function spendBefore(replies: ReplyStore, run: string, flags: ReplayFlags): number {
  if (flags.retryErrors === true) replies.forgetFailures()
  const { settled, maybeBilled, calls } = replies.spendOf(run)
  if (flags.resume === true && calls === 0) throw nothingToResume()
  return settled + maybeBilled
}

async function runSession(
  job: SessionJob,
  session: Session,
  models: ReplayModels,
  narrator: Narrator,
): Promise<ReplayResult | string | null> {
  const { flags, terminal, store } = job
  const { planned, asker, cap, options } = session
  if (flags.dryRun === true) return plannedResult(options)
  if (flags.writeBatch !== undefined) return forBatches(flags.writeBatch, job, session)
  refuseUnpriced(planned, flags.budget !== undefined)
  checkPairFiles(flags, terminal)
  await models.check(session.targets.all())
  showPlan(planned, flags, terminal)
  if (!(await confirmSpend(planned.plan, flags, terminal))) return null
  const total = planned.sample.length
  const keeper = openKeeper(job, options)
  const people = peopleOf(flags, store.secret, terminal, narrator)
  const result = await replay({
    ...options,
    ...people,
    arms: session.arms(asker),
    signal: job.signal,
    ...(models.isMeasurement && { onMeasured: keeper.add }),
    onProgress: (done) =>
      narrator.working(`asking, $${(cap.spent / 1e9).toFixed(2)} spent`, done, total),
  })
  keeper.flush()
  return result
}

/** The plan on stderr, where people are asked whether to go on; a report says it again. */
function showPlan({ plan }: Planned, flags: ReplayFlags, terminal: Terminal): void {
  if (flags.quiet === true || flags.yes === true || terminal.stderr.isTTY !== true) return
  terminal.stderr.write(formatReplayPlan(plan, viewOf(terminal.stderr, terminal.env)))
}

const nothingToResume = (): UserError =>
  new UserError('there is no run to go on with', {
    hint: 'leave out --resume to begin one; a run is the same when logs, policy, baseline, scorer and sample are',
  })
