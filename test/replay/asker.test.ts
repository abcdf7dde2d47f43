import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReplyStore } from '../../src/domain/kept-reply.ts'
import type { NanoUsd } from '../../src/domain/money.ts'
import { noCallLimits, type ProviderAnswer } from '../../src/domain/provider.ts'
import { noUsage } from '../../src/domain/usage.ts'
import { upperBoundOf, withOutputCap } from '../../src/engine/upper-bound.ts'
import { type AskerOptions, openAsker } from '../../src/replay/asker.ts'
import { openReplyMemory } from '../../src/replay/reply-memory.ts'
import { openSpendCap } from '../../src/replay/spend-cap.ts'
import { type Random, randomFrom } from '../../src/stats/random.ts'
import { openReplies } from '../../src/store/replies.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { callOf } from '../support/replay-cases.ts'

let folder = ''
let store: Store | null = null
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-asker-'))
  store = await openStore({ path: join(folder, 'llmcost.db'), create: true })
})
afterAll(() => {
  store?.close()
  rmSync(folder, { recursive: true, force: true })
})

const inStore = (): ReplyStore => {
  if (store === null) throw new Error('no store')
  return openReplies(store.database)
}

/** $1 a million input tokens, $10 a million output tokens. */
const costOf = (usage: { inputTokens: number; outputTokens: number }): NanoUsd =>
  (usage.inputTokens * 1_000 + usage.outputTokens * 10_000) as NanoUsd

/** An answer whose usage is anything up to what was reserved for it. */
function randomAnswer(random: Random): ProviderAnswer {
  const usage = {
    ...noUsage,
    inputTokens: Math.floor(random() * 300),
    outputTokens: Math.floor(random() * 8_192),
  }
  const reply = { id: null, model: null, blocks: [], finish: 'stop' as const, usage }
  return { kind: 'answered', reply, latencyMs: 1, firstTokenMs: null }
}

const optionsOf = (fields: Partial<AskerOptions> & Pick<AskerOptions, 'send'>): AskerOptions => ({
  run: 'run',
  replies: openReplyMemory(),
  cap: openSpendCap(null, 0),
  costOf: (_, usage) => costOf(usage),
  mostOf: (_, call) => upperBoundOf(call, costOf),
  callKeyOf: (call) => JSON.stringify(call.turns),
  madeOf: withOutputCap,
  wait: async () => {},
  ...fields,
})

const question = (text: string) => ({
  target: 'weak',
  call: callOf(text),
  turn: 0,
  seq: null,
  limits: noCallLimits,
})

for (const [name, open] of [
  ['in memory', openReplyMemory],
  ['in the store', inStore],
] as const) {
  test(`a budget is never exceeded, ${name}, by 100 runs at once with random usage`, async () => {
    const limit = 2_000_000_000 as NanoUsd
    const runs = Array.from({ length: 100 }, async (_, index) => {
      const random = randomFrom(`usage ${index}`)
      const replies = open()
      const run = `${name} ${index}`
      const cap = openSpendCap(limit, 0)
      let sent = 0
      const asker = openAsker(
        optionsOf({
          run,
          replies,
          cap,
          async send() {
            sent++
            for (let turns = Math.floor(random() * 30); turns > 0; turns--) await Promise.resolve()
            return randomAnswer(random)
          },
        }),
      )
      const asked = await Promise.all(
        Array.from({ length: 120 }, (_, each) => asker.ask(question(`${run} ${each}`))),
      )
      const refused = asked.filter(({ kind }) => kind === 'not-asked')
      expect(sent).toBe(asked.length - refused.length)
      // It is used up but for the room that one more call may need, and never passed.
      expect(refused.length).toBeGreaterThan(0)
      const spent = replies.spendOf(run)
      expect(spent.maybeBilled).toBe(0)
      expect(spent.settled).toBe(cap.spent)
      expect(spent.settled).toBeLessThanOrEqual(limit)
      expect(spent.settled).toBeGreaterThan(limit - 100_000_000)
    })
    await Promise.all(runs)
  })

  test(`what is stored ${name} is not paid for again, and equal calls at once are one`, async () => {
    const replies = open()
    const run = `${name} again`
    let sent = 0
    const send = async () => {
      sent++
      return randomAnswer(randomFrom('one'))
    }
    const asker = openAsker(optionsOf({ run, replies, send }))
    const both = await Promise.all([asker.ask(question(run)), asker.ask(question(run))])
    expect(sent).toBe(1)
    expect(both[1]).toEqual(both[0])
    const later = openAsker(optionsOf({ run, replies, send }))
    expect(await later.ask(question(run))).toMatchObject({ kind: 'answered', isNew: false })
    expect(sent).toBe(1)
    // Another turn is another answer.
    await later.ask({ ...question(run), turn: 1 })
    expect(sent).toBe(2)
  })

  test(`a call that was begun ${name} and never settled counts as spent for ever`, async () => {
    const replies = open()
    const run = `${name} killed`
    const key = { callKey: 'k', target: `weak ${name}`, turn: 0 }
    replies.begin(key, { run, seq: null }, 500 as NanoUsd)
    expect(replies.find(key)).toBeNull()
    expect(replies.spendOf(run)).toMatchObject({ settled: 0, maybeBilled: 500 })
    replies.begin(key, { run, seq: null }, 700 as NanoUsd)
    expect(replies.spendOf(run)).toMatchObject({ settled: 0, maybeBilled: 1_200 })
    const answer = randomAnswer(randomFrom('late'))
    replies.settle(
      { ...key, answer, costNanoUsd: 40 as NanoUsd, isBatch: false },
      { run, seq: null },
    )
    expect(replies.find(key)).toMatchObject({ costNanoUsd: 40, isBatch: false })
    expect(replies.spendOf(run)).toMatchObject({ settled: 40, maybeBilled: 500 })
  })

  test(`an answer without usage ${name} stays reserved, for runs to come as well`, async () => {
    const replies = open()
    const run = `${name} without usage`
    const cap = openSpendCap(1_000_000_000 as NanoUsd, 0)
    const reply = { id: null, model: null, blocks: [], finish: 'stop' as const, usage: null }
    const send = async (): Promise<ProviderAnswer> => ({
      kind: 'answered',
      reply,
      latencyMs: 1,
      firstTokenMs: null,
    })
    await openAsker(optionsOf({ run, replies, cap, send })).ask(question(run))
    const most = upperBoundOf(withOutputCap(callOf(run)), costOf)
    expect(cap.spent).toBe(most)
    expect(replies.spendOf(run)).toMatchObject({ settled: 0, maybeBilled: most })
  })

  test(`a call that could not be sent ${name} costs nothing and holds nobody up`, async () => {
    const replies = open()
    const run = `${name} unsent`
    const cap = openSpendCap(150_000_000 as NanoUsd, 0)
    const send = async (): Promise<ProviderAnswer> => {
      throw new Error('no key')
    }
    const asker = openAsker(optionsOf({ run, replies, cap, send }))
    // The second waits for the first: both do not fit.
    const both = await Promise.allSettled(
      [1, 2].map((each) => asker.ask(question(`${run} ${each}`))),
    )
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(cap.spent).toBe(0)
    expect(replies.spendOf(run)).toMatchObject({ settled: 0, maybeBilled: 0 })
  })

  test(`failures ${name} are asked again when they are forgotten, and stay paid for`, async () => {
    const replies = open()
    const run = `${name} failed`
    let sent = 0
    const fault = { kind: 'cut-off', message: '', status: null, retryAfterMs: null } as const
    const send = async (): Promise<ProviderAnswer> => {
      sent++
      return { kind: 'failed', fault, partial: null, latencyMs: 1, firstTokenMs: null }
    }
    const asker = openAsker(optionsOf({ run, replies, send }))
    const asked = await asker.ask(question(run))
    expect(asked).toMatchObject({ reply: { answer: { kind: 'failed' } } })
    const paid = replies.spendOf(run)
    // Nobody knows what the provider did before the answer was cut off: it counts with all that it may cost.
    expect(paid.settled).toBe(upperBoundOf(withOutputCap(callOf(run)), costOf))
    // Another run meets them as well.
    const other = openAsker(optionsOf({ run: `${run} otherwise`, replies, send }))
    await other.ask(question(run))
    expect(sent).toBe(1)
    expect(replies.forgetFailures()).toBe(1)
    const later = openAsker(optionsOf({ run, replies, send }))
    await later.ask(question(run))
    expect(sent).toBe(2)
    const after = replies.spendOf(run)
    expect(after.settled + after.maybeBilled).toBe(2 * paid.settled)
  })
}

test('under a cap nobody is asked whose price is not known', async () => {
  const cap = openSpendCap(1_000 as NanoUsd, 0)
  let sent = 0
  const send = async () => {
    sent++
    return randomAnswer(randomFrom('x'))
  }
  const asker = openAsker(optionsOf({ cap, send, mostOf: () => null }))
  await expect(asker.ask(question('x'))).rejects.toThrow('the price of weak is not known')
  expect(sent).toBe(0)
})
