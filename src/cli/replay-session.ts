import { setTimeout as sleep } from 'node:timers/promises'
import type { Usage } from '../domain/usage.ts'
import { UserError } from '../domain/user-error.ts'
import { describePolicy } from '../policy/describe-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import { openValidatorAsks } from '../replay/ask-validators.ts'
import type { ReplayCase } from '../replay/case.ts'
import { type Planned, planReplay } from '../replay/plan.ts'
import { plannedResult, type ReplayHead, replay } from '../replay/replay.ts'
import type { ReplayResult } from '../replay/result.ts'
import { openSpendCap } from '../replay/spend-cap.ts'
import { openReplies } from '../store/replies.ts'
import type { CostOf } from '../worlds/model-costs.ts'
import { nowMs } from './clock.ts'
import { inputsOf, warningsOf } from './input-summary.ts'
import { similarityOf } from './log-embedder.ts'
import type { OpenLogs } from './logs.ts'
import { Narrator } from './narrator.ts'
import type { RunPrices } from './price-book.ts'
import { armsOf, nanoUsdOf } from './replay-arms.ts'
import { replayBaseline } from './replay-baseline.ts'
import { comparisonOf } from './replay-comparison.ts'
import { confirmSpend } from './replay-confirm.ts'
import type { ReplayFlags } from './replay-flags.ts'
import type { CaseSource } from './replay-log.ts'
import { callKeys, openReplayModels } from './replay-models.ts'
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

/** Loss accepted, pairs expected to differ, and power, where no flag says otherwise (docs/methods.md, "Replay"). */
const usual = { margin: 0.05, discordant: 0.1, power: 0.8, concurrency: 8 } as const

/** Plans, asks whether to spend, asks the models and says what came of it. Null: the user said no. */
export async function replaySession(job: SessionJob): Promise<ReplayResult | null> {
  const { flags, terminal, logs, policy, cases } = job
  const replies = openReplies(logs.store.database)
  const baseline = replayBaseline(flags.baseline, job.prices)
  const similarity = await similarityOf()
  const expected = new Map<string, string>()
  const keyOf = callKeys(logs.store.secret)
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
    const run = runName(job, models.name, baseline.name)
    if (flags.retryErrors === true) replies.forgetFailures(run)
    const before = replies.spendOf(run)
    if (flags.resume === true && before.settled + before.maybeBilled === 0) throw nothingToResume()
    const limit = flags.budget === undefined ? null : nanoUsdOf(flags.budget)
    const cap = openSpendCap(limit, before.settled + before.maybeBilled)
    const asker = askerOf(job, { run, replies, cap, models, keyOf, hasLimit: limit !== null })
    const comparison = comparisonOf({
      flags,
      asker,
      similarity,
      isSuite: flags.suite !== undefined,
    })
    const needsAgain = comparison.comparison.kind === 'agreement'
    const now = nowMs(terminal)
    const costAt = (target: string, usage: Usage) => job.costOf(target, usage, now)
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
        judge: comparison.judge,
        costOf: costAt,
        replies,
        keyOf,
      }),
    })
    for (const each of planned.sample) {
      const right = each.expected ?? each.logged?.text ?? null
      if (right === null) continue
      expected.set(keyOf(each.call), right)
      expected.set(keyOf(each.candidateCall), right)
    }
    const options = {
      head: headOf(job, run, baseline.name),
      planned,
      comparison: comparison.comparison,
      concurrency,
      seed: run,
      judgeOf: () => null,
      spent: () => replies.spendOf(run),
    }
    if (flags.dryRun === true) return plannedResult(options)
    refuseUnpriced(planned, limit !== null)
    await models.check(targetsOf(planned, cases))
    if (!(await confirmSpend(planned.plan, flags, terminal))) return null
    const asks = openValidatorAsks({
      asker,
      similarity,
      nowMs: () => performance.now(),
      passes: async (command, input, timeoutMs) =>
        (await runProgram(command, input, timeoutMs)).code === 0,
    })
    return await replay({
      ...options,
      arms: armsOf({
        asker,
        cases,
        asks,
        baseline: baseline.compiled,
        needsAgain,
        seed: run,
        wait: (ms) => sleep(ms, undefined, { signal: job.signal }).catch(() => undefined),
      }),
      onProgress: (done) =>
        narrator.working(
          `asking, $${(cap.spent / 1e9).toFixed(2)} spent`,
          done,
          planned.sample.length,
        ),
      signal: job.signal,
    })
  } finally {
    narrator.clear()
    await models.close()
  }
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
