import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { targetCosts } from '../../src/cli/target-costs.ts'
import { openPriceBook } from '../../src/prices/price-book.ts'
import { type MockServer, startMockServer } from '../../src/providers/mock-server.ts'
import { type MockSettings, readMockSettings } from '../../src/providers/mock-settings.ts'
import { randomFrom } from '../../src/stats/random.ts'
import { type AskEnd, askGateway } from './ask-gateway.ts'
import type { GatewayPlace, GatewayProgram, StartedGateway } from './gateway-program.ts'
import { type LedgerSums, readLedgerSums } from './ledger-sums.ts'

export type KillOptions = {
  readonly program: GatewayProgram
  readonly kills: number
  readonly clients: number
  /** Of the moments. */
  readonly seed: string
}

/** One life of the gateway, and the ledger after it. Sums are since the first one. */
export type Life = {
  readonly end: 'killed' | 'stopped'
  readonly startMs: number
  readonly livedMs: number
  readonly sent: number
  /** Clients who had their whole answer. */
  readonly whole: number
  readonly ledger: LedgerSums
  readonly tally: Billed
  /** What its budget counted as spent or held back before the first request; null: it tells of none. */
  readonly countedUsd: number | null
}

/** What the mock says that it was asked, and what that cost. */
export type Billed = { readonly calls: number; readonly costNanoUsd: number }

export type KillReport = { readonly lives: readonly Life[]; readonly problems: readonly string[] }

/** From the first whole answer on. */
const lifeMs = { least: 50, most: 400 }
const mockSettings = readMockSettings(
  {
    latency: { p50Ms: 20, p95Ms: 60, tokensPerSecond: 1500 },
    outputTokens: { median: 30, sigma: 0.5 },
  },
  'the mock of this check',
)

/** The mock in this process, with prices for its tally. */
export function startBillingMock(settings: MockSettings): Promise<MockServer> {
  const costOf = targetCosts(openPriceBook())
  return startMockServer({
    settings,
    priceOf: (model, usage) => costOf(model, usage, Number.NaN),
  })
}

/**
 * Kills a gateway under load at moments that nobody chose, starts it again on the same ledger, and compares that with
 * what the mock behind it was asked: settled ≤ asked ≤ settled + begun. The last life ends with SIGTERM, and its calls
 * are settled to the nano-dollar. Each life begins with budgets that count all of what the ledger holds.
 */
export async function killGateway(options: KillOptions): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-kill-'))
  const mock = await startBillingMock(mockSettings)
  const place = { folder, upstreamUrl: mock.url }
  try {
    const next = randomFrom(options.seed)
    const answered: string[] = []
    const lives: Life[] = []
    for (let number = 0; number <= options.kills; number++) {
      const livedMs = lifeMs.least + next() * (lifeMs.most - lifeMs.least)
      const end = number < options.kills ? 'killed' : 'stopped'
      lives.push(await liveOnce(options, { place, mock }, { number, livedMs, end, answered }))
    }
    return { lives, problems: problemsOf(lives, answered) }
  } finally {
    await mock.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

type LifePlan = Pick<Life, 'livedMs' | 'end'> & {
  readonly number: number
  /** Sessions whose clients had a whole answer; this life's are added. */
  readonly answered: string[]
}

type Surroundings = { readonly place: GatewayPlace; readonly mock: MockServer }

async function liveOnce(
  { program, clients }: KillOptions,
  { place, mock }: Surroundings,
  { number, livedMs, end, answered }: LifePlan,
): Promise<Life> {
  const gateway = await program.start(place)
  const countedUsd = await countedBy(gateway)
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  let [isOver, sent, whole] = [false, 0, 0]
  const client = async () => {
    while (!isOver) {
      const session = `life-${number}-${++sent}`
      const ended = await ask({ url: gateway.url, agent, session })
      if (ended !== 'whole') continue
      whole++
      answered.push(session)
    }
  }
  const traffic = Promise.all(Array.from({ length: clients }, client))
  try {
    while (whole === 0 && !gateway.process.hasEnded) await pause(1)
    await pause(livedMs)
    if (end === 'killed') await gateway.process.end('SIGKILL')
    isOver = true
    await traffic
  } finally {
    await gateway.process.end()
    agent.destroy()
  }
  const tally = await billedBy(mock)
  const ledger = await readLedgerSums(program, place)
  const { startMs } = gateway.process
  return { end, startMs, livedMs, sent, whole, ledger, tally, countedUsd }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Every question once, so that no cache answers; half of the answers are streamed. */
function ask(client: {
  readonly url: string
  readonly agent: Agent
  readonly session: string
}): Promise<AskEnd> {
  const streams = Number(client.session.split('-').at(-1)) % 2 === 0
  const body = JSON.stringify({
    model: 'gpt-4o-mini',
    messages: [{ role: 'user', content: `What is ${client.session} about?` }],
    max_tokens: 200,
    ...(streams && { stream: true, stream_options: { include_usage: true } }),
  })
  return askGateway({ ...client, user: 'anybody', body, streams })
}

/** Of the budget of all; null where the gateway tells of none. */
async function countedBy({ adminUrl }: StartedGateway): Promise<number | null> {
  const response = await fetch(`${adminUrl}/budgets`)
  const { budgets } = (await response.json()) as { readonly budgets?: readonly Spent[] }
  if (budgets === undefined) return null
  return budgets.reduce((sum, { spentUsd, reservedUsd }) => sum + spentUsd + reservedUsd, 0)
}

type Spent = { readonly spentUsd: number; readonly reservedUsd: number }

const lookMs = 50
/** Looks that must agree: by then the mock has noticed who left. */
const stillLooks = 4

/** The mock's tally, once it stands still. */
export async function billedBy(mock: Pick<MockServer, 'tally'>): Promise<Billed> {
  let last: Billed | null = null
  for (let still = 0; ; ) {
    const { calls, byModel } = mock.tally()
    const costNanoUsd = Object.values(byModel).reduce(
      (sum, model) => sum + (model.costNanoUsd ?? Number.NaN),
      0,
    )
    still = last?.calls === calls ? still + 1 : 0
    last = { calls, costNanoUsd }
    if (still === stillLooks) return last
    await pause(lookMs)
  }
}

function problemsOf(lives: readonly Life[], answered: readonly string[]): readonly string[] {
  const last = lives.at(-1)?.ledger
  const forgotten = answered.filter((session) => last?.sessions.has(session) !== true)
  return [
    ...lives.flatMap((life, number) =>
      [
        ...boundsOf(life),
        ...(life.end === 'stopped' ? exactness(life, lives[number - 1]) : []),
        ...counted(life, lives[number - 1]),
      ].map((problem) => `life ${number + 1}, ${life.end}: ${problem}`),
    ),
    ...(forgotten.length === 0
      ? []
      : [`${forgotten.length} answers are not in the ledger, the first is ${forgotten[0]}`]),
  ]
}

/** Whatever happened: no call is settled that was not made, and none was made that is not at least begun. */
function boundsOf({ ledger, tally }: Life): readonly string[] {
  const { settled, begun, doubled } = ledger
  const most = {
    calls: settled.calls + begun.calls,
    costNanoUsd: settled.costNanoUsd + begun.costNanoUsd,
  }
  return [
    ...(doubled > 0 ? [`${doubled} requests are settled twice`] : []),
    ...(['calls', 'costNanoUsd'] as const).flatMap((unit) => [
      ...(settled[unit] > tally[unit]
        ? [`${unit}: ${settled[unit]} are settled, the mock knows of ${tally[unit]}`]
        : []),
      ...(tally[unit] > most[unit]
        ? [`${unit}: the mock knows of ${tally[unit]}, only ${most[unit]} are settled or begun`]
        : []),
    ]),
  ]
}

/** Nothing that the ledger holds is forgotten by a budget, and nothing counted twice. */
function counted({ countedUsd }: Life, before: Life | undefined): readonly string[] {
  if (countedUsd === null) return []
  const { settled, begun } = before?.ledger ?? { settled: nothing, begun: nothing }
  const heldUsd = (settled.costNanoUsd + begun.costNanoUsd) / 1e9
  return Math.abs(countedUsd - heldUsd) < 1e-9
    ? []
    : [`the budget began with $${countedUsd}, the ledger holds $${heldUsd}`]
}

const nothing = { calls: 0, costNanoUsd: 0 }

/** Nobody was interrupted: the life's calls are all settled, at what they cost. */
function exactness(life: Life, before: Life | undefined): readonly string[] {
  return (['calls', 'costNanoUsd'] as const).flatMap((unit) => {
    const settled = life.ledger.settled[unit] - (before?.ledger.settled ?? nothing)[unit]
    const billed = life.tally[unit] - (before?.tally ?? nothing)[unit]
    return settled === billed
      ? []
      : [`${unit}: ${settled} were settled in this life, the mock billed ${billed}`]
  })
}
