import type { NanoUsd } from '../domain/money.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { retryDelayMs } from '../engine/retry-delay.ts'
import type { Asks } from '../engine/validators.ts'
import { type ArmOptions, answerBy, answerOnce } from '../replay/arms.ts'
import { textAsker } from '../replay/ask-text.ts'
import type { Asker } from '../replay/asker.ts'
import type { ReplayCase } from '../replay/case.ts'
import type { ArmSource } from '../replay/replay.ts'
import { askClassifier } from '../score/ask-validators.ts'
import { randomFrom } from '../stats/random.ts'
import { timeoutClassBy } from '../worlds/history-facts.ts'
import { askNeighbours, type NeighbourClassifiers } from '../worlds/neighbour-classifier.ts'
import type { CaseSource } from './replay-log.ts'

export type ArmsJob = {
  readonly asker: Asker
  readonly cases: CaseSource
  readonly asks: Asks
  /** Null: the logged answer is the baseline. */
  readonly baseline: CompiledPolicy | null
  /** What the baseline's classifiers have learned. */
  readonly neighbours: NeighbourClassifiers
  readonly needsAgain: boolean
  readonly seed: string
}

/** Equal calls of the candidate and of the model asked again are different draws. */
const againTurn = 1

/** Who answers for the arms of a replay. */
export function armsOf(job: ArmsJob): ArmSource {
  const { baseline, needsAgain, asker, cases } = job
  const by = (compiled: CompiledPolicy, callOf: ArmOptions['callOf'], isCandidate: boolean) =>
    optionsOf(job, compiled, callOf, isCandidate)
  const { attempts, initialMs } = cases.compiled.policy.failure.retries
  const again = { attempts, firstWaitMs: initialMs }
  const asLogged = (each: ReplayCase, turn: number) =>
    answerOnce(asker, each, each.call.model, turn, again)
  const candidate = by(cases.compiled, (each) => each.candidateCall, true)
  const compared = baseline && by(baseline, (each) => each.call, false)
  return {
    candidate: (each) => answerBy(candidate, each),
    baseline:
      compared === null
        ? async (each) => each.logged ?? (await asLogged(each, 0))
        : (each) => answerBy(compared, each),
    again: needsAgain ? (each) => asLogged(each, againTurn) : null,
  }
}

function optionsOf(
  { asker, cases, asks, seed, ...baseline }: ArmsJob,
  compiled: CompiledPolicy,
  callOf: (each: ReplayCase) => ReplayCase['call'],
  isCandidate: boolean,
): ArmOptions {
  const { classifiers, timeouts, failure } = compiled.policy
  const classOf = timeoutClassBy(compiled.policy)
  const neighbours = isCandidate ? cases.neighbours : baseline.neighbours
  return {
    asker,
    compiled,
    callOf,
    seenOf(each) {
      const { asked, facts } = cases.seenOf(each, compiled.policy)
      return { asked, seen: { facts, asks } }
    },
    entryOf: (each) => (isCandidate ? cases.entryOf(each) : null),
    classify(each, name) {
      const near = neighbours.get(name)
      return near === undefined
        ? askClassifier(textAsker(asker), classifiers, name, each.question)
        : askNeighbours(near, each.question)
    },
    turn: 0,
    timeoutOf: (each) => timeouts.classes[classOf(cases.seenOf(each, compiled.policy).facts)],
    retryDelayMs(each, target, made, fault) {
      const chance = randomFrom(`${seed} jitter ${each.id} ${target} ${made}`)
      return retryDelayMs(failure.retries, made, fault, chance)
    },
  }
}

/** Nano-dollars of a flag's dollars. */
export const nanoUsdOf = (usd: number): NanoUsd => Math.round(usd * 1e9) as NanoUsd
