import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MockTally } from '../../src/providers/mock-tally.ts'
import { randomFrom } from '../../src/stats/random.ts'
import { type AskEnd, askGateway } from './ask-gateway.ts'
import { type GatewayPlace, type GatewayProgram, startMock } from './gateway-program.ts'
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
}

/** What the mock says that it was asked, and what that cost. */
export type Billed = { readonly calls: number; readonly costNanoUsd: number }

export type KillReport = { readonly lives: readonly Life[]; readonly problems: readonly string[] }

const lifeMs = { least: 150, most: 700 }
const mockSettings = JSON.stringify({
  latency: { p50Ms: 20, p95Ms: 60, tokensPerSecond: 1500 },
  outputTokens: { median: 30, sigma: 0.5 },
})

/**
 * Kills a gateway under load at moments that nobody chose, starts it again on the same ledger, and compares that with
 * what the mock behind it was asked: settled ≤ asked ≤ settled + begun. The last life ends with SIGTERM, and its calls
 * are settled to the nano-dollar.
 */
export async function killGateway(options: KillOptions): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-kill-'))
  const mockFolder = join(folder, 'mock')
  mkdirSync(mockFolder)
  const mock = await startMock(mockFolder, mockSettings)
  const place = { folder, upstreamUrl: mock.said }
  try {
    const next = randomFrom(options.seed)
    const answered: string[] = []
    const lives: Life[] = []
    for (let number = 0; number <= options.kills; number++) {
      const livedMs = lifeMs.least + next() * (lifeMs.most - lifeMs.least)
      const end = number < options.kills ? 'killed' : 'stopped'
      lives.push(await liveOnce(options, place, { number, livedMs, end, answered }))
    }
    return { lives, problems: problemsOf(lives, answered) }
  } finally {
    await mock.end()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

type LifePlan = Pick<Life, 'livedMs' | 'end'> & {
  readonly number: number
  /** Sessions whose clients had a whole answer; this life's are added. */
  readonly answered: string[]
}

async function liveOnce(
  { program, clients }: KillOptions,
  place: GatewayPlace,
  { number, livedMs, end, answered }: LifePlan,
): Promise<Life> {
  const gateway = await program.start(place)
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
    await new Promise((resolve) => setTimeout(resolve, livedMs))
    if (end === 'killed') await gateway.process.end('SIGKILL')
    isOver = true
    await traffic
  } finally {
    await gateway.process.end()
    agent.destroy()
  }
  const tally = await billedBy(place.upstreamUrl)
  const ledger = await readLedgerSums(program, place)
  const { startMs } = gateway.process
  return { end, startMs, livedMs, sent, whole, ledger, tally }
}

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

const lookMs = 50
/** Looks that must agree: by then the mock has noticed who left. */
const stillLooks = 4

/** The mock's tally, once it stands still. */
async function billedBy(mockUrl: string): Promise<Billed> {
  let last: Billed | null = null
  for (let still = 0; ; ) {
    const response = await fetch(`${mockUrl}/mock/tally`)
    const { calls, byModel } = (await response.json()) as MockTally
    const costNanoUsd = Object.values(byModel).reduce(
      (sum, model) => sum + (model.costNanoUsd ?? Number.NaN),
      0,
    )
    still = last?.calls === calls ? still + 1 : 0
    last = { calls, costNanoUsd }
    if (still === stillLooks) return last
    await new Promise((resolve) => setTimeout(resolve, lookMs))
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

/** Nobody was interrupted: the life's calls are all settled, at what they cost. */
function exactness(life: Life, before: Life | undefined): readonly string[] {
  const nothing = { calls: 0, costNanoUsd: 0 }
  return (['calls', 'costNanoUsd'] as const).flatMap((unit) => {
    const settled = life.ledger.settled[unit] - (before?.ledger.settled ?? nothing)[unit]
    const billed = life.tally[unit] - (before?.tally ?? nothing)[unit]
    return settled === billed
      ? []
      : [`${unit}: ${settled} were settled in this life, the mock billed ${billed}`]
  })
}
