import type { Call } from '../domain/call.ts'
import type { Fault } from '../domain/fault.ts'
import type { Json } from '../domain/json.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Step } from '../domain/receipt.ts'
import { type Reply, replyText } from '../domain/reply.ts'
import type { Answer } from '../domain/request.ts'
import { noUsage, type Usage } from '../domain/usage.ts'
import type { Asked, AskedLabel, Attempted, FoundEntry, MaybePromise } from '../domain/world.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import { decide, type Seen } from '../engine/decide.ts'
import { limitsOf, usualLimits } from '../engine/time-limits.ts'
import type { TimeoutClass } from '../policy/governance.ts'
import { openSampleWorld } from '../worlds/sample-world.ts'
import { type Again, askWithRetries } from './ask-with-retries.ts'
import { type Asker, type Asking, isCostUnknown } from './asker.ts'
import type { ArmAnswer, ReplayCase, RungAnswer } from './case.ts'
import { NotAsked } from './not-asked.ts'
import { turnsApart } from './turns.ts'

/** A policy that answers cases by asking models. */
export type ArmOptions = {
  readonly asker: Asker
  readonly compiled: CompiledPolicy
  /** How the policy's rules see a case. */
  readonly seenOf: (each: ReplayCase) => { readonly asked: Asked; readonly seen: Seen }
  readonly callOf: (each: ReplayCase) => Call
  /** The entry of the history that would have served; null: none. */
  readonly entryOf: (each: ReplayCase) => FoundEntry | null
  readonly classify: (each: ReplayCase, classifier: string) => MaybePromise<AskedLabel>
  /** Equal calls of different turns are asked for anew. */
  readonly turn: number
  /** The class of the policy that says how long a case may take, and whether it is tried again. */
  readonly timeoutOf: (each: ReplayCase) => TimeoutClass
  /** The same whenever and in whichever order it is asked: what is stored is to be gone through as it was. */
  readonly retryDelayMs: (
    each: ReplayCase,
    target: string,
    made: number,
    fault: Fault,
  ) => number | null
}

/** Answers a case by the policy, under the same engine as history and live traffic. Null: nothing was asked. */
export async function answerBy(options: ArmOptions, each: ReplayCase): Promise<ArmAnswer | null> {
  const trail: Trail = { replies: [], tries: new Map(), isNew: false }
  const world = openSampleWorld({
    ask: (target, _, { timeoutMs }) => askTarget(options, each, target, timeoutMs, trail),
    entryOf: () => options.entryOf(each),
    classify: (classifier) => options.classify(each, classifier),
    // What an earlier run has waited for is not waited for again.
    wait: async (ms) => (trail.isNew ? options.asker.wait(ms) : undefined),
  })
  const { asked, seen } = options.seenOf(each)
  try {
    const { receipt, answer } = await decide(asked, seen, options.compiled, world)
    return armOf(receipt.steps, answer, receipt.costNanoUsd, receipt.latencyMs, trail)
  } catch (error) {
    if (error instanceof NotAsked) return null
    throw error
  }
}

/** The same call asked of one model, without a policy. Null: nothing was asked. */
export async function answerOnce(
  asker: Asker,
  each: ReplayCase,
  target: string,
  turn: number,
  again?: Again,
): Promise<ArmAnswer | null> {
  const question = { target, call: each.call, turn, seq: each.seq, limits: usualLimits }
  const tried = await askWithRetries(asker, question, again)
  if (tried === null) return null
  const { answer, costNanoUsd, latencyMs } = tried
  const reply = answer.kind === 'answered' ? answer.reply : null
  return {
    ...wordsOf(reply === null ? null : answerOf(reply)),
    source: 'asked',
    target,
    fault: answer.kind === 'failed' ? answer.fault : null,
    costNanoUsd,
    latencyMs,
    firstTokenMs: answer.firstTokenMs,
    usage: reply?.usage ?? null,
    rungs: [],
  }
}

/** What was asked on the way of one case. */
type Trail = {
  readonly replies: {
    readonly target: string
    readonly answer: Answer | null
    readonly fault: Fault | null
    readonly usage: Usage | null
    readonly firstTokenMs: number | null
    readonly isUnpriced: boolean
  }[]
  /** How often each target was tried. */
  readonly tries: Map<string, number>
  /** Whether the last of them was asked just now. */
  isNew: boolean
}

async function askTarget(
  { asker, callOf, turn, retryDelayMs, timeoutOf }: ArmOptions,
  each: ReplayCase,
  named: string | null,
  timeoutMs: number | null,
  trail: Trail,
): Promise<Attempted> {
  const target = named ?? each.call.model
  const attempt = trail.tries.get(target) ?? 0
  trail.tries.set(target, attempt + 1)
  const call = callOf(each)
  const timeout = timeoutOf(each)
  const asking = await asker.ask({
    target,
    call,
    turn: turn + attempt * turnsApart,
    seq: each.seq,
    limits: limitsOf(timeout, call.streamed, timeoutMs),
  })
  if (asking.kind === 'not-asked') throw new NotAsked()
  trail.isNew = asking.isNew
  // A rung's own time, which is that of a call in all, is up once: it is climbed over.
  const isOfRung = ({ limit }: Fault) => timeoutMs !== null && limit === 'totalMs'
  const delayMs = (fault: Fault) =>
    timeout.retries && !isOfRung(fault) ? retryDelayMs(each, target, attempt + 1, fault) : null
  return attemptedOf(asking, target, delayMs, trail)
}

function attemptedOf(
  { reply }: Extract<Asking, { kind: 'answered' }>,
  target: string,
  delayMs: (fault: Fault) => number | null,
  trail: Trail,
): Attempted {
  const { answer, costNanoUsd } = reply
  const { latencyMs, firstTokenMs } = answer
  const shared = { target, firstTokenMs, isUnpriced: costNanoUsd === null }
  if (answer.kind === 'answered') {
    const given = answerOf(answer.reply)
    const { usage } = answer.reply
    trail.replies.push({ ...shared, answer: given, fault: null, usage })
    return { kind: 'answered', answer: given, usage: usage ?? noUsage, costNanoUsd, latencyMs }
  }
  const { fault, partial } = answer
  const usage = partial?.usage ?? null
  const isGuess = isCostUnknown(answer)
  trail.replies.push({
    ...shared,
    answer: null,
    fault,
    usage,
    isUnpriced: isGuess || shared.isUnpriced,
  })
  return {
    kind: fault.kind === 'timeout' ? 'timeout' : 'failed',
    reason: fault.kind,
    usage: usage ?? noUsage,
    costNanoUsd: isGuess ? null : costNanoUsd,
    latencyMs,
    retryAfterMs: delayMs(fault),
  }
}

function answerOf(reply: Reply): Answer {
  const text = replyText(reply)
  const toolCalls = reply.blocks.flatMap((block): Json[] =>
    block.kind === 'tool-call' ? [{ name: block.name, input: inputOf(block.input) }] : [],
  )
  return { text, finishReason: reply.finish, ...(toolCalls.length > 0 && { toolCalls }) }
}

/** Arguments as a value, so that spacing and the order of keys do not matter; as they came where they are no JSON. */
function inputOf(json: string): Json {
  try {
    return JSON.parse(json) as Json
  } catch {
    return json
  }
}

const wordsOf = (answer: Answer | null) => ({
  text: answer?.text ?? null,
  toolCalls: answer?.toolCalls ?? [],
  finishReason: answer?.finishReason ?? null,
})

function armOf(
  steps: readonly Step[],
  answer: Answer | null,
  costNanoUsd: NanoUsd,
  latencyMs: number,
  trail: Trail,
): ArmAnswer {
  const isHit = steps.some((step) => step.kind === 'hit')
  const served = trail.replies.findLast((reply) => reply.answer === answer)
  const usages = trail.replies.flatMap(({ usage }) => usage ?? [])
  return {
    ...wordsOf(answer),
    source: isHit ? 'cache' : 'asked',
    target: served?.target ?? null,
    fault: answer === null ? (trail.replies.at(-1)?.fault ?? null) : null,
    costNanoUsd: trail.replies.some(({ isUnpriced }) => isUnpriced) ? null : costNanoUsd,
    latencyMs,
    firstTokenMs: served?.firstTokenMs ?? null,
    usage: usages.length === 0 ? null : usages.reduce(addUsage),
    rungs: rungsOf(steps, trail),
  }
}

const addUsage = (a: Usage, b: Usage): Usage => ({
  inputTokens: a.inputTokens + b.inputTokens,
  cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
  cacheWrite5mTokens: a.cacheWrite5mTokens + b.cacheWrite5mTokens,
  cacheWrite1hTokens: a.cacheWrite1hTokens + b.cacheWrite1hTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  reasoningTokens: a.reasoningTokens + b.reasoningTokens,
})

/** The answers of the attempts, in order, with what became of them. */
function rungsOf(steps: readonly Step[], { replies }: Trail): readonly RungAnswer[] {
  const answered = replies.filter(({ answer }) => answer !== null)
  const rungs: RungAnswer[] = []
  for (const [index, step] of steps.entries()) {
    if (step.kind !== 'attempt') continue
    if (step.outcome !== 'accepted' && step.outcome !== 'rejected') continue
    const reply = answered[rungs.length]
    if (reply === undefined) break
    rungs.push({
      target: step.target,
      text: reply.answer?.text ?? '',
      toolCalls: reply.answer?.toolCalls ?? [],
      verdict: step.outcome,
      reason: step.reason,
      isJudged: steps[index + 1]?.kind === 'validate',
      isEscalated:
        step.outcome === 'rejected' &&
        steps.slice(index + 1).some(({ kind }) => kind === 'attempt'),
    })
  }
  return rungs
}
