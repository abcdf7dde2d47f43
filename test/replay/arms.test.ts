import { describe, expect, test } from 'vitest'
import type { Block } from '../../src/domain/call.ts'
import type { Fault } from '../../src/domain/fault.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import type { CallLimits, ProviderAnswer } from '../../src/domain/provider.ts'
import { noUsage } from '../../src/domain/usage.ts'
import type { FoundEntry } from '../../src/domain/world.ts'
import { type CompiledPolicy, compilePolicy } from '../../src/engine/compile-policy.ts'
import { RequestFacts } from '../../src/engine/request-facts.ts'
import { retryDelayMs } from '../../src/engine/retry-delay.ts'
import { limitsOf, usualLimits } from '../../src/engine/time-limits.ts'
import { unasked } from '../../src/engine/validators.ts'
import { defaultPolicy } from '../../src/policy/default-policy.ts'
import type { TimeoutClass } from '../../src/policy/governance.ts'
import { mergePolicy } from '../../src/policy/merge-policy.ts'
import { answerBy, answerOnce } from '../../src/replay/arms.ts'
import { type AskerOptions, openAsker } from '../../src/replay/asker.ts'
import { compareWithExpected } from '../../src/replay/compare.ts'
import { openReplyMemory } from '../../src/replay/reply-memory.ts'
import { openSpendCap } from '../../src/replay/spend-cap.ts'
import { exactScorer } from '../../src/score/text-scorers.ts'
import { caseOf } from '../support/replay-cases.ts'

const replying = (blocks: readonly Block[]): ProviderAnswer => ({
  kind: 'answered',
  reply: { id: null, model: null, blocks, finish: 'stop', usage: { ...noUsage, outputTokens: 10 } },
  latencyMs: 5,
  firstTokenMs: null,
})
const saying = (text: string) => replying([{ kind: 'text', text }])
const answered = saying('an answer')

const failed = (fields: Partial<Fault> = {}): ProviderAnswer => ({
  kind: 'failed',
  fault: { kind: 'rate-limit', message: 'slow down', status: 429, retryAfterMs: null, ...fields },
  partial: null,
  latencyMs: 5,
  firstTokenMs: null,
})

/** Answers in turn; the last again and again. */
function scripted(answers: readonly ProviderAnswer[], fields: Partial<AskerOptions> = {}) {
  const sent: { readonly target: string; readonly limits: CallLimits }[] = []
  const waits: number[] = []
  const options: AskerOptions = {
    run: 'run',
    replies: openReplyMemory(),
    cap: openSpendCap(null, 0),
    async send(target, _, { limits }) {
      const answer = answers[Math.min(sent.length, answers.length - 1)] as ProviderAnswer
      sent.push({ target, limits })
      return answer
    },
    costOf: () => 7 as NanoUsd,
    mostOf: () => 100 as NanoUsd,
    callKeyOf: (call) => JSON.stringify(call.turns),
    madeOf: (call) => call,
    wait: async (ms) => {
      waits.push(ms)
    },
    ...fields,
  }
  return { asker: openAsker(options), sent, waits }
}

const policy = compilePolicy(
  mergePolicy(defaultPolicy, {
    routes: [
      {
        name: 'all',
        when: {},
        to: { kind: 'ladder', ladder: [{ target: 'cheap', validators: [], timeoutMs: null }] },
      },
    ],
  }),
)

const interactive = defaultPolicy.timeouts.classes.interactive

function answer(
  asker: ReturnType<typeof openAsker>,
  timeout: TimeoutClass = interactive,
  compiled: CompiledPolicy = policy,
) {
  const request = { model: 'strong', operation: 'chat', status: 'ok' } as const
  const facts = new RequestFacts(request, {
    countTokens: () => 1,
    contextTokens: () => 1,
    label: () => 'unasked',
  })
  return answerBy(
    {
      asker,
      compiled,
      seenOf: () => ({
        asked: { id: 0, at: 0, request, bypass: null },
        seen: { facts, asks: async () => unasked },
      }),
      callOf: (each) => each.candidateCall,
      entryOf: (): FoundEntry | null => null,
      classify: () => ({ label: 'medium', costNanoUsd: 0 as NanoUsd, latencyMs: 0 }),
      turn: 0,
      timeoutOf: () => timeout,
      retryDelayMs: (_each, _target, made, fault) =>
        retryDelayMs(compiled.policy.failure.retries, made, fault, () => 0),
    },
    caseOf(0),
  )
}

test('what was given up is given up again, and nobody is asked anew', async () => {
  const replies = openReplyMemory()
  // Longer than all waits of a policy together.
  const tooLong = failed({ retryAfterMs: 3_600_000 })
  const first = scripted([tooLong, answered], { replies })
  const before = await answer(first.asker)
  expect(before).toMatchObject({ text: null, fault: { kind: 'rate-limit' } })
  expect(first.sent).toHaveLength(1)
  const second = scripted([answered], { replies })
  expect(await answer(second.asker)).toEqual(before)
  expect(second.sent).toEqual([])
})

test('a case that was tried again is told alike from the store, without its waits', async () => {
  const replies = openReplyMemory()
  const first = scripted([failed({ retryAfterMs: 400 }), answered], { replies })
  const before = await answer(first.asker)
  expect(before).toMatchObject({ text: 'an answer', latencyMs: 5 + 400 + 5 })
  expect(first.waits).toEqual([400])
  const second = scripted([], { replies })
  expect(await answer(second.asker)).toEqual(before)
  expect(second).toMatchObject({ sent: [], waits: [] })
})

test('a class without retries is tried once', async () => {
  const { batch } = defaultPolicy.timeouts.classes
  const { asker, sent } = scripted([failed(), answered])
  expect(await answer(asker, batch)).toMatchObject({ text: null })
  expect(sent).toMatchObject([{ limits: { totalMs: 60_000, idleMs: null } }])
})

test('limits of time are those of the class, but for a time of the rung', () => {
  expect(limitsOf(interactive, true, null)).toEqual({
    firstTokenMs: 3_000,
    idleMs: null,
    totalMs: 30_000,
  })
  expect(limitsOf(interactive, false, null)).toMatchObject({ firstTokenMs: null, totalMs: 15_000 })
  expect(limitsOf(interactive, false, 8_000).totalMs).toBe(8_000)
  expect(limitsOf(interactive, false, 20_000).totalMs).toBe(20_000)
  const { passthrough } = defaultPolicy.timeouts.classes
  expect(limitsOf(passthrough, true, null)).toMatchObject({ idleMs: 120_000, totalMs: null })
  // Nothing may hang for ever.
  expect(limitsOf({ ...passthrough, idleMs: null }, false, null)).toEqual(usualLimits)
})

describe('answers on the way', () => {
  const length = {
    name: 'length',
    mode: 'enforce',
    maxFalsePassRate: 0.03,
    test: { kind: 'length', min: 5, max: null },
  } as const
  const ladderOf = (...targets: readonly string[]) =>
    compilePolicy(
      mergePolicy(defaultPolicy, {
        failure: { fallback: { on: true, targets: { cheap: ['other'] } } },
        routes: [
          {
            name: 'all',
            when: {},
            to: {
              kind: 'ladder',
              ladder: targets.map((target) => ({ target, validators: [length], timeoutMs: null })),
            },
          },
        ],
      }),
    )

  test('are told with their own verdicts, whatever failed in between', async () => {
    const broken = failed({ kind: 'bad-request' })
    // Too busy, then broken; the fallback's answer is too short; the strong model's second try will do.
    const answers = [failed(), broken, saying('no'), failed(), saying('long enough')]
    const { asker, sent } = scripted(answers)
    const arm = await answer(asker, interactive, ladderOf('cheap', 'strong'))
    expect(sent.map(({ target }) => target)).toEqual([
      'cheap',
      'cheap',
      'other',
      'strong',
      'strong',
    ])
    expect(arm).toMatchObject({
      text: 'long enough',
      target: 'strong',
      costNanoUsd: 2 * 7,
    })
    expect(arm?.rungs).toMatchObject([
      { target: 'other', text: 'no', verdict: 'rejected', isJudged: true, isEscalated: true },
      { target: 'strong', text: 'long enough', verdict: 'accepted', isEscalated: false },
    ])
  })

  test('that nobody stands above are rejected without an escalation', async () => {
    const { asker } = scripted([saying('no')])
    const arm = await answer(asker, interactive, ladderOf('strong'))
    expect(arm?.rungs).toMatchObject([{ verdict: 'rejected', isEscalated: false }])
  })

  test('are scored with the tools that they call', async () => {
    const call = { kind: 'tool-call', id: '1', name: 'add', input: '{"a":1}' } as const
    const { asker } = scripted([replying([call])])
    const arm = await answer(asker, interactive, ladderOf('strong'))
    expect(arm?.rungs).toMatchObject([{ toolCalls: [{ name: 'add', input: { a: 1 } }] }])
    if (arm === null) throw new Error('not asked')
    const comparison = compareWithExpected(() => exactScorer('exact'), 'exact')
    const each = caseOf(0, { expected: '[{"name":"add","input":{"a":1}}]' })
    const compared = await comparison.compare(each, { baseline: arm, again: null, candidate: arm })
    expect(compared).toMatchObject({ scores: { candidate: 1 }, rungScores: [1] })
  })
})

test('a baseline that fails for a moment is asked again, as the candidate is', async () => {
  const { asker, sent, waits } = scripted([failed({ kind: 'overloaded' }), answered])
  const arm = await answerOnce(asker, caseOf(0), 'strong', 1)
  expect(arm).toMatchObject({ text: 'an answer', fault: null, costNanoUsd: 7, latencyMs: 10 })
  expect(sent).toHaveLength(2)
  expect(waits).toEqual([1_000])
  const busy = scripted([failed({ retryAfterMs: 3_600_000 })])
  expect(await answerOnce(busy.asker, caseOf(0), 'strong', 1)).toMatchObject({ text: null })
  expect(busy.waits).toEqual([])
  const broken = scripted([failed({ kind: 'bad-request' })])
  expect(await answerOnce(broken.asker, caseOf(0), 'strong', 1)).toMatchObject({ text: null })
  expect(broken.sent).toHaveLength(1)
})

test('what fails in a rung’s time is asked again, and what takes longer is not', async () => {
  const ladder = [{ target: 'cheap', validators: [], timeoutMs: 8_000 }]
  const timed = compilePolicy(
    mergePolicy(defaultPolicy, {
      routes: [{ name: 'all', when: {}, to: { kind: 'ladder', ladder } }],
    }),
  )
  const sentAfter = async (fault: Partial<Fault>) => {
    const { asker, sent } = scripted([failed({ kind: 'timeout', status: null, ...fault })])
    await answer(asker, interactive, timed)
    return sent.length
  }
  const { attempts } = defaultPolicy.failure.retries
  expect(await sentAfter({ status: 408 })).toBe(1 + attempts)
  expect(await sentAfter({ limit: 'firstTokenMs' })).toBe(1 + attempts)
  expect(await sentAfter({ limit: 'totalMs' })).toBe(1)
})
