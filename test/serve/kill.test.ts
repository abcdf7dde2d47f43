import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MockServer } from '../../src/providers/mock-server.ts'
import { readMockSettings } from '../../src/providers/mock-settings.ts'
import { type AskEnd, askGateway } from '../support/ask-gateway.ts'
import { type StartedGateway, serveProgram } from '../support/gateway-program.ts'
import { billedBy, killGateway, startBillingMock } from '../support/kill-gateway.ts'
import { readLedgerSums } from '../support/ledger-sums.ts'

/** A policy file; YAML holds JSON. */
const policyWith =
  (limit: string) =>
  (upstreamUrl: string): string =>
    JSON.stringify({
      budgets: [{ scope: 'all', window: 'month', limit, action: 'block', mode: 'hard' }],
      serve: {
        providers: [{ name: 'openai', dialect: 'openai-chat', baseUrl: `${upstreamUrl}/v1` }],
      },
    })

test('killed ten times under load, it loses no settled call, and its budgets count every one', async () => {
  const program = serveProgram(policyWith('$1000'))
  const { lives, problems } = await killGateway({ program, kills: 10, clients: 24, seed: '1' })
  expect(problems).toEqual([])
  expect(lives.map(({ end }) => end)).toEqual([...Array(10).fill('killed'), 'stopped'])
  expect(lives.every(({ whole }) => whole > 0)).toBe(true)
  const last = lives.at(-1)
  expect(last?.countedUsd).toBeGreaterThan(0)
  expect(last?.ledger.begun.calls).toBeGreaterThan(0)
}, 180_000)

/** Every one once, so that no cache answers; half of them streamed. */
function questionOf(number: number) {
  const session = `caller-${number}`
  const streams = number % 2 === 0
  const body = JSON.stringify({
    model: 'gpt-4-turbo',
    messages: [{ role: 'user', content: `What is ${session} about?` }],
    max_tokens: 1500,
    ...(streams && { stream: true, stream_options: { include_usage: true } }),
  })
  return { session, streams, body }
}

/** Callers who ask again when one is done. */
const wokenAtOnce = 3

describe('a thousand requests at once on a hard budget of $5', () => {
  const program = serveProgram(policyWith('$5'))
  const capNanoUsd = 5e9
  const callers = 1000
  let mock: MockServer
  let folder = ''
  beforeEach(async () => {
    mock = await startBillingMock(
      readMockSettings(
        {
          latency: { p50Ms: 60, p95Ms: 200 },
          // About three cents each, with four and a half held back.
          outputTokens: { median: 1000, sigma: 0.3 },
          chunkTokens: 100,
        },
        'the mock of this test',
      ),
    )
    folder = mkdtempSync(join(tmpdir(), 'llmcost-cap-'))
  })
  afterEach(async () => {
    await mock.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })

  const start = () => program.start({ folder, upstreamUrl: mock.url })
  const ledger = () => readLedgerSums(program, { folder, upstreamUrl: mock.url })

  /**
   * All ask at once. Whoever is refused asks again when others are done, until somebody is refused while nobody else is
   * being answered: then there is not enough left for one more.
   */
  async function askAll({ url }: StartedGateway): Promise<ReadonlySet<AskEnd>> {
    const agent = new Agent({ keepAlive: true, maxSockets: callers })
    const ends = new Set<AskEnd>()
    const waiting: (() => void)[] = []
    const wake = (count: number) => {
      for (const go of waiting.splice(0, count)) go()
    }
    let [number, underWay, isOver] = [0, 0, false]
    const caller = async () => {
      while (!isOver) {
        underWay++
        const asked = questionOf(++number)
        const end = await askGateway({ url, agent, user: 'anybody', ...asked })
        underWay--
        ends.add(end)
        if (end === 'whole') wake(wokenAtOnce)
        else if (end === 'refused' && underWay > 0)
          await new Promise<void>((go) => waiting.push(go))
        else isOver = true
      }
      wake(callers)
    }
    await Promise.all(Array.from({ length: callers }, caller))
    agent.destroy()
    return ends
  }

  test('spends $5 at most, and nearly all of it', async () => {
    const gateway = await start()
    const ends = await askAll(gateway)
    await gateway.process.end()
    const { costNanoUsd } = await billedBy(mock)
    expect(costNanoUsd).toBeLessThanOrEqual(capNanoUsd)
    expect(costNanoUsd).toBeGreaterThan(0.9 * capNanoUsd)
    expect(ends).toEqual(new Set(['whole', 'refused']))
    expect((await ledger()).settled.costNanoUsd).toBe(costNanoUsd)
  }, 60_000)

  test('spends $5 at most in two runs, the first of which was killed', async () => {
    const first = await start()
    const asking = askAll(first)
    const paid = () => Object.values(mock.tally().byModel)[0]?.costNanoUsd ?? 0
    while (paid() < 0.3 * capNanoUsd) await new Promise((resolve) => setTimeout(resolve, 1))
    await first.process.end('SIGKILL')
    await asking
    const before = await ledger()
    const billed = await billedBy(mock)
    expect(before.begun.calls).toBeGreaterThan(0)
    expect(billed.costNanoUsd).toBeLessThanOrEqual(
      before.settled.costNanoUsd + before.begun.costNanoUsd,
    )
    const second = await start()
    const ends = await askAll(second)
    await second.process.end()
    const { costNanoUsd } = await billedBy(mock)
    expect(costNanoUsd).toBeLessThanOrEqual(capNanoUsd)
    // What was under way at the kill may have left nothing to spend.
    expect(['whole', 'refused']).toEqual(expect.arrayContaining([...ends]))
    expect(ends).toContain('refused')
    const after = await ledger()
    expect(after.settled.costNanoUsd - before.settled.costNanoUsd).toBe(
      costNanoUsd - billed.costNanoUsd,
    )
    // What may have been billed stays counted: both together fill the budget.
    const counted = after.settled.costNanoUsd + after.begun.costNanoUsd
    expect(counted).toBeLessThanOrEqual(capNanoUsd)
    expect(counted).toBeGreaterThan(0.9 * capNanoUsd)
  }, 60_000)
})
