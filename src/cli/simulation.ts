import { isDeepStrictEqual } from 'node:util'
import type { Selection } from '../domain/selection.ts'
import { compilePolicy } from '../engine/compile-policy.ts'
import type { Evidence } from '../ingest/evidence-table.ts'
import { describePolicy } from '../policy/describe-policy.ts'
import type { LogFacts } from '../policy/log-facts.ts'
import { mergePolicy } from '../policy/merge-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import { priceBookUsed } from '../prices/price-book-used.ts'
import type { Similarity } from '../score/equivalence.ts'
import { baselineOf } from '../simulate/baseline.ts'
import type { BeyondCache } from '../simulate/beyond-cache.ts'
import type { SimulateOptions } from '../simulate/options.ts'
import type { Beside, SimulateResult } from '../simulate/result.ts'
import { openBeyondCache } from '../simulate/routing-beyond-cache.ts'
import { simulate, simulateBeside } from '../simulate/simulate.ts'
import { openHistorySource } from '../store/history-source.ts'
import { openRequestLookup } from '../store/request-lookup.ts'
import { openRequestSource } from '../store/request-source.ts'
import { endSnapshot } from '../store/snapshot.ts'
import { openVerdicts } from '../store/verdicts.ts'
import { withAnswerLabels } from '../worlds/answer-labels.ts'
import { type History, loadHistory } from '../worlds/history.ts'
import { openHistorySight } from '../worlds/history-world.ts'
import { nowMs } from './clock.ts'
import { type Compared, comparedBy, comparedWarnings } from './compare-policy.ts'
import { inputsOf, warningsOf } from './input-summary.ts'
import { keptJudgements } from './kept-judgements.ts'
import { keepKeys, keptKeys } from './kept-keys.ts'
import { keptRules } from './kept-rules.ts'
import { keeperOf } from './kept-values.ts'
import { logEvidence } from './log-classifiers.ts'
import { similarityOf } from './log-embedder.ts'
import type { OpenLogs } from './logs.ts'
import { logFactsOf } from './policy-log.ts'
import type { RunPrices } from './price-book.ts'
import { selectionOf } from './selection.ts'
import type { NamedPolicy, SimulateFlags } from './simulate-policies.ts'
import { limitWordsOf, type ReceiptJob } from './simulate-receipts.ts'
import { evidenceOf } from './simulation-inputs.ts'
import type { AskedSweep } from './sweep-grid.ts'
import { targetCosts } from './target-costs.ts'
import type { Terminal } from './terminal.ts'

export type SimulationJob = AskedSweep & {
  readonly files: readonly string[]
  readonly flags: SimulateFlags
  readonly terminal: Terminal
  readonly prices: RunPrices
  readonly policies: readonly [NamedPolicy, ...NamedPolicy[]]
  readonly zone: string
  readonly logs: OpenLogs
  /** False in a dry run. */
  readonly mayAsk?: boolean
}

/** What does not depend on the policy. */
export type Shared = {
  readonly history: History
  readonly similarity: Similarity
  readonly log: LogFacts
  readonly evidence: Evidence | null
  readonly evidenceFingerprint: string | null
}

/** A log ready to be simulated: policies are only different ways through it. */
export type Simulation = {
  /** What open tiers are chosen by. */
  readonly log: LogFacts
  /** What classifiers with these files of their own (none: without) learn from. */
  evidenceIn(files: readonly string[]): Promise<Evidence | null>
  result(signal: AbortSignal): Promise<SimulateResult>
  /** What `decide` needs to run the first policy request by request. */
  receiptJob(signal: AbortSignal): Promise<ReceiptJob>
  /** Everything that a simulation of a policy needs, but for its sweep. */
  open(policy: Policy, signal: AbortSignal): Promise<Opened>
  /** What the first policy is explored with. */
  explorerJob(signal: AbortSignal): Promise<ExplorerJob>
}

export type ExplorerJob = {
  readonly job: SimulationJob
  readonly selection: Selection
  readonly shared: Shared
  readonly compared: Compared
}

/** Reads the history of the logs; afterwards the store may be written to. */
export async function openSimulation(job: SimulationJob): Promise<Simulation> {
  const { database } = job.logs.store
  const selection = selectionOf(job)
  const source = openRequestSource(database, selection)
  const kept = keptKeys(database, selection)
  const loaded = loadHistory(source, openHistorySource(database), openRequestLookup(database), kept)
  const log = logFactsOf(source, job.prices.book)
  endSnapshot(database)
  if (kept === null) keepKeys(job.logs, selection, loaded)
  const { answerLabel } = job.flags
  const history = answerLabel === undefined ? loaded : withAnswerLabels(loaded, answerLabel)
  const { evidence, fingerprint } = await evidenceOf(job)
  const similarity = await similarityOf()
  const shared = { history, log, evidence, evidenceFingerprint: fingerprint, similarity }
  const [first] = job.policies
  return {
    log,
    evidenceIn: logEvidence({ store: job.logs.store, flags: job.flags, evidence }),
    result: (signal) => resultOf(job, shared, signal),
    open: (policy, signal) => optionsOf(job, shared, policy, signal),
    async receiptJob(signal) {
      const compared = await comparedBy(job, shared, first.policy, signal)
      return receiptJobOf(job, shared, compared, signal)
    },
    async explorerJob(signal) {
      const compared = await comparedBy(job, shared, first.policy, signal)
      return { job, selection, shared, compared }
    },
  }
}

function receiptJobOf(
  { prices }: SimulationJob,
  { evidence }: Shared,
  { keyed, policy, questions, found, trained }: Compared,
  signal: AbortSignal,
): ReceiptJob {
  const semantic = { questions, neighbours: found?.neighbours ?? null }
  return {
    history: keyed.history,
    policy,
    semantic,
    evidence,
    trained,
    costOf: targetCosts(prices.book),
    signal,
  }
}

async function resultOf(
  job: SimulationJob,
  shared: Shared,
  signal: AbortSignal,
): Promise<SimulateResult> {
  const { policies, grid, every } = job
  const [first, ...others] = policies
  const opened = await optionsOf(job, shared, first.policy, signal)
  const { history, beyond, options } = opened
  const limits = await limitWordsOf(receiptJobOf(job, shared, opened.compared, signal))
  const { memory, keep } = keptJudgements(job.logs, selectionOf(job), history.count)
  const result = simulate(history, beyond, { ...options, limits, judging: memory, grid, every })
  keep()
  const beside: Beside[] = []
  const lineOf = (name: string, other: Opened) =>
    simulateBeside(name, other.history, other.beyond, other.options)
  const warnings = [...result.warnings]
  for (const { name, policy } of others) {
    const other = await optionsOf(job, shared, policy, signal)
    beside.push(lineOf(name, other))
    warnings.push(...comparedWarnings(other.compared, shared.log, `${name}: `))
  }
  const byUser = byUserOf(first.policy, shared.log)
  if (byUser !== null) {
    const policy = mergePolicy(options.compiled.policy, byUser.patch)
    // What keys may leave out depends on the namespace.
    const other =
      policy.cache.keyIgnore.length > 0
        ? await optionsOf(job, shared, policy, signal)
        : { ...opened, options: { ...options, compiled: compilePolicy(policy) } }
    beside.push(lineOf(byUser.name, other))
  }
  return { ...result, warnings, beside }
}

/** Printed beside what was asked: entries that no two users share. Null where that is what was asked. */
function byUserOf({ cache }: Policy, { carrying }: LogFacts) {
  const isByUser = cache.namespace.kind === 'fields' && cache.namespace.fields.includes('user')
  if (isByUser || carrying.user === 0) return null
  const patch = { cache: { namespace: { kind: 'fields', fields: ['user'] } } } as const
  return { name: 'namespace: user', patch }
}

/** Evidence is what a policy names, with what is known to all. */
async function withOwnEvidence(
  job: SimulationJob,
  shared: Shared,
  policy: Policy,
): Promise<Shared> {
  const [first] = job.policies
  if (isDeepStrictEqual(policy.evidence, first.policy.evidence)) return shared
  const { evidence, fingerprint } = await evidenceOf({ ...job, policies: [{ ...first, policy }] })
  return { ...shared, evidence, evidenceFingerprint: fingerprint }
}

export type Opened = {
  readonly history: History
  readonly compared: Compared
  readonly beyond: BeyondCache
  readonly options: Omit<SimulateOptions, 'grid' | 'limits'>
}

async function optionsOf(
  job: SimulationJob,
  first: Shared,
  asked: Policy,
  signal: AbortSignal,
): Promise<Opened> {
  const shared = await withOwnEvidence(job, first, asked)
  const { logs, terminal, prices, flags, files } = job
  const compared = await comparedBy(job, shared, asked, signal)
  const { keyed, policy, tiers, embedder, questions, found, trained } = compared
  const { history } = keyed
  const compiled = compilePolicy(policy)
  const costOf = targetCosts(prices.book)
  const { evidence, evidenceFingerprint: known } = shared
  const learned = trained.examples.find((examples) => examples.evidence === evidence)
  const neighbours = trained.classifiers
  const sight = openHistorySight({ history, policy, costOf, evidence, neighbours })
  const beyond = await openBeyondCache({
    history,
    compiled,
    tiers,
    sight,
    costOf,
    batchCostOf: targetCosts(prices.book, { serviceTier: 'batch' }),
    evidence,
    ...(learned !== undefined && { vectors: learned.vectors, neighbours: learned.neighbours }),
    ...(known !== null && {
      keep: keeperOf(logs, [selectionOf(job), prices.fingerprint, tiers, policy.prefix, known]),
    }),
  })
  const now = nowMs(terminal)
  const options = {
    now,
    zone: job.zone,
    inputs: inputsOf(logs.store.database, logs),
    warnings: [...warningsOf(logs.store.database, logs), ...comparedWarnings(compared, shared.log)],
    compiled,
    baseline: baselineOf(flags.baseline, history, costOf),
    policyText: describePolicy(policy),
    fingerprints: {
      policy: policyFingerprint(policy),
      prices: prices.fingerprint,
      embedder: found === null ? null : embedder.fingerprint,
    },
    priceBook: priceBookUsed(prices.book, now),
    questions,
    found,
    embedCostOf: (tokens: number) => embedder.costOf(tokens),
    embedder: embedder.name,
    rules: keptRules(logs, selectionOf(job), history, compiled, sight.factsAt),
    similarity: shared.similarity,
    keyIgnore: keyed,
    verdicts: openVerdicts(logs.store.database),
    limit:
      flags.maxWrongHits === undefined
        ? null
        : { alpha: flags.maxWrongHits, delta: 1 - (flags.confidence ?? usualConfidence) },
    inputWords: files.join(' '),
  }
  return { history, compared, beyond, options }
}

/** Of a certificate. */
export const usualConfidence = 0.95
