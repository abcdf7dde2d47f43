import type { Embedder } from '../domain/embedder.ts'
import type { Warning } from '../domain/report.ts'
import { mayCompare } from '../policy/layers-in-use.ts'
import type { LogFacts } from '../policy/log-facts.ts'
import type { Policy } from '../policy/policy.ts'
import type { Tier } from '../policy/routing.ts'
import { chooseTiers } from '../policy/tiers.ts'
import { unnamedWarnings } from '../simulate/simulate-warnings.ts'
import type { FoundNeighbours } from '../worlds/find-neighbours.ts'
import type { History } from '../worlds/history.ts'
import { type KeyedHistory, withoutIgnored } from '../worlds/ignored-keys.ts'
import { nameTiers } from '../worlds/named-tiers.ts'
import { type Questions, questionsOf } from '../worlds/questions.ts'
import { findLogNeighbours } from './find-log-neighbours.ts'
import { sharedHistory } from './kept-personal.ts'
import { classifierWarnings, type LogClassifiers, logClassifiers } from './log-classifiers.ts'
import { embedderOf } from './log-embedder.ts'
import { Narrator } from './narrator.ts'
import { selectionOf } from './selection.ts'
import type { Shared, SimulationJob } from './simulation.ts'

/** A policy with models in the place of tiers, and which questions its embedder finds alike. */
export type Compared = {
  /** With the keys of the policy. */
  readonly keyed: KeyedHistory
  /** Requests of which nobody knows whether redaction keeps them from caches: the log holds them as hashes. */
  readonly perhapsPersonal: number
  readonly policy: Policy
  readonly tiers: Readonly<Record<Tier, string>>
  readonly embedder: Embedder
  /** The texts that the policy compares. */
  readonly questions: Questions
  readonly found: FoundNeighbours | null
  /** Its classifiers by neighbours. */
  readonly trained: LogClassifiers
}

export async function comparedBy(
  job: SimulationJob,
  { history: stored, log, evidence }: Pick<Shared, 'history' | 'log' | 'evidence'>,
  asked: Policy,
  signal: AbortSignal,
): Promise<Compared> {
  const { tiers } = chooseTiers(asked.tiers, log)
  const policy = nameTiers(asked, tiers)
  const shared = sharedHistory(stored, policy, job.logs, selectionOf(job))
  const keyed = withoutIgnored(shared.history, policy.cache)
  const { history } = keyed
  const questions = questionsOf(history, policy.cache.semantic.cacheText)
  const embedder = await embedderOf(job, policy.cache.semantic.embedder)
  const found = await neighboursOf(job, policy, history, questions, embedder, signal)
  const { store } = job.logs
  const trained = await logClassifiers(policy, { ...job, store, evidence, history, signal })
  const perhapsPersonal = shared.unknown
  return { keyed, perhapsPersonal, policy, tiers, embedder, questions, found, trained }
}

/** Null where the semantic layer has nothing to compare: it is off, or no text is kept. */
async function neighboursOf(
  { logs, flags, terminal, grid }: SimulationJob,
  policy: Policy,
  history: History,
  questions: Questions,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<FoundNeighbours | null> {
  const { semantic, rules } = policy.cache
  if (!mayCompare(policy.cache)) return null
  const thresholds = [semantic.threshold, ...rules.flatMap(({ threshold = 1 }) => [threshold])]
  // The rows of 0.92, 0.85 and 0.80 are always shown.
  const floor = Math.min(0.8, ...thresholds, ...grid)
  const mode = flags.fast === true ? 'fast' : 'exact'
  const narrator = new Narrator(terminal, flags)
  return findLogNeighbours({
    logs,
    history,
    questions,
    embedder,
    policy,
    floor,
    mode,
    narrator,
    signal,
  })
}

/** What a report has to say of how a policy was compared; `where` says which one it is. */
export const comparedWarnings = (
  { trained, perhapsPersonal, policy }: Compared,
  log: LogFacts,
  where = '',
): readonly Warning[] => [
  ...classifierWarnings(trained, where),
  ...unnamedWarnings(policy, log, where),
  ...(perhapsPersonal === 0
    ? []
    : [
        {
          code: 'perhaps-personal',
          message: `${where}the log holds prompts as hashes: those that privacy.redact would keep from caches are counted as if it would not`,
          count: perhapsPersonal,
        },
      ]),
]
