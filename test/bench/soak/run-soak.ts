import { mkdirSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { type AskEnd, askGateway } from '../../support/ask-gateway.ts'
import {
  type GatewayPlace,
  type GatewayProgram,
  type StartedGateway,
  startMock,
} from '../../support/gateway-program.ts'
import { newFolder, removeFolder } from '../work-folder.ts'
import { type ResourceSample, sampleResources } from './resource-samples.ts'
import { openSoakMix, type SoakKind, type SoakRequest, soakMock } from './soak-mix.ts'

export type SoakOptions = {
  readonly program: GatewayProgram
  readonly durationMs: number
  /** Clients that ask one request after the other. */
  readonly clients: number
  readonly seed: string
  /** How long connections and timers may take to go away after the traffic: some are kept for a while on purpose. */
  readonly settleMs: number
  readonly onSample?: (sample: ResourceSample, sent: number) => void
}

/** Everything that happened; what of it is wrong says `soakVerdict`. */
export type SoakFound = {
  readonly program: string
  readonly durationMs: number
  readonly sent: number
  /** How the requests of each kind ended. */
  readonly ends: ReadonlyMap<SoakKind, ReadonlyMap<AskEnd, number>>
  /** Some of those that ended as they must not. */
  readonly unexpected: { readonly count: number; readonly examples: readonly string[] }
  /** Before the first request. */
  readonly idle: ResourceSample
  readonly samples: readonly ResourceSample[]
  /** After the last one, once it was as idle as before; where it never was, at the end of the time to settle. */
  readonly after: ResourceSample
  readonly receipts: SoakReceipts
  /** Mistakes of its own that the gateway told of. */
  readonly bugs: readonly string[]
}

export type SoakReceipts = {
  /** Requests that must have one. */
  readonly owed: number
  readonly missing: number
  readonly doubled: number
  /** Of requests that nobody sent. */
  readonly unknown: number
  readonly examples: readonly string[]
}

const mostSamples = 240
const leastSamples = 36
const shownExamples = 5

/** Runs a gateway in front of the mock under mixed traffic and watches its memory, sockets, timers and receipts. */
export async function runSoak(options: SoakOptions): Promise<SoakFound> {
  const folder = newFolder()
  const mockFolder = join(folder, 'mock')
  mkdirSync(mockFolder)
  const mock = await startMock(mockFolder, soakMock)
  const place = { folder, upstreamUrl: mock.said }
  try {
    const gateway = await options.program.start(place)
    try {
      const watched = await watchUnderTraffic(gateway, options)
      await gateway.process.end()
      return {
        ...watched.found,
        bugs: gateway.bugs(),
        receipts: await countReceipts(options.program, place, watched.log),
      }
    } finally {
      await gateway.process.end('SIGKILL')
    }
  } finally {
    await mock.end()
    removeFolder(folder)
  }
}

type Watched = { readonly found: Omit<SoakFound, 'receipts' | 'bugs'>; readonly log: TrafficLog }

async function watchUnderTraffic(gateway: StartedGateway, options: SoakOptions): Promise<Watched> {
  const idle = await sampleResources(gateway.adminUrl, 0)
  const log = new TrafficLog()
  const traffic = driveTraffic(gateway.url, options, log)
  const samples = await sampleWhile(gateway, options, log).finally(() => {
    log.isOver = true
  })
  await traffic
  const after = await settle(gateway, idle, options.settleMs)
  const { sent, ends, unexpected } = log
  const durationMs = samples.at(-1)?.atMs ?? 0
  const program = options.program.name
  return { found: { program, durationMs, sent, ends, unexpected, idle, samples, after }, log }
}

/** A gateway that is slow to answer is looked at less often, and for longer where that is too seldom to judge it. */
async function sampleWhile(
  { adminUrl }: StartedGateway,
  { durationMs, onSample }: SoakOptions,
  log: TrafficLog,
): Promise<readonly ResourceSample[]> {
  const samples: ResourceSample[] = []
  const startedAt = performance.now()
  const elapsed = () => performance.now() - startedAt
  const everyMs = durationMs / mostSamples
  while (elapsed() < durationMs || samples.length < leastSamples) {
    await until(startedAt + (Math.floor(elapsed() / everyMs) + 1) * everyMs)
    const sample = await sampleResources(adminUrl, elapsed())
    samples.push(sample)
    onSample?.(sample, log.sent)
  }
  return samples
}

const until = (at: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())))

const lookMs = 100

/** The first look that finds no more than before the traffic; the last one where none does. */
async function settle(
  { adminUrl }: StartedGateway,
  idle: ResourceSample,
  settleMs: number,
): Promise<ResourceSample> {
  const startedAt = performance.now()
  for (;;) {
    const waitedMs = performance.now() - startedAt
    const sample = await sampleResources(adminUrl, waitedMs)
    if (sample.sockets <= idle.sockets && sample.timers <= idle.timers) return sample
    if (waitedMs > settleMs) return sample
    await until(performance.now() + lookMs)
  }
}

const users = 20

async function driveTraffic(
  url: string,
  { clients, seed }: SoakOptions,
  log: TrafficLog,
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const nextRequest = openSoakMix(seed)
  const client = async () => {
    while (!log.isOver) {
      const number = log.takeNumber()
      const asked = nextRequest(number)
      log.begin(number, asked)
      const [session, user] = [sessionOf(number), `user-${number % users}`]
      const how = await askGateway({ ...asked, url, agent, session, user })
      log.end(number, asked, how)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  agent.destroy()
}

const sessionOf = (number: number): string => `soak-${String(number).padStart(8, '0')}`
const numberOf = (session: string | undefined): number =>
  Number(/^soak-(\d+)$/.exec(session ?? '')?.[1] ?? Number.NaN)

/** What receipts a request may have: one, or at most one where it is no request that can be served. */
type Owed = 'one' | 'at most one'

/** Who asked what, and how it ended; a few bytes for each request, for there are millions in an hour. */
class TrafficLog {
  /** Nobody asks any more. */
  isOver = false
  readonly ends = new Map<SoakKind, Map<AskEnd, number>>()
  readonly #owed: Owed[] = []
  readonly #examples: string[] = []
  #unexpected = 0

  get sent(): number {
    return this.#owed.length
  }

  get unexpected(): SoakFound['unexpected'] {
    return { count: this.#unexpected, examples: this.#examples }
  }

  takeNumber(): number {
    return this.#owed.push('one') - 1
  }

  begin(number: number, { kind }: SoakRequest): void {
    if (kind === 'malformed' || kind === 'cut-upload') this.#owed[number] = 'at most one'
  }

  end(number: number, asked: SoakRequest, how: AskEnd): void {
    const ends = this.ends.get(asked.kind) ?? new Map<AskEnd, number>()
    this.ends.set(asked.kind, ends.set(how, (ends.get(how) ?? 0) + 1))
    if (isExpected(asked, how)) return
    this.#unexpected++
    if (this.#examples.length < shownExamples)
      this.#examples.push(`${asked.kind} ${sessionOf(number)}: ${how}`)
  }

  owed(number: number): Owed | undefined {
    return this.#owed[number]
  }
}

function isExpected({ kind, mayBeRefused }: SoakRequest, how: AskEnd): boolean {
  switch (kind) {
    case 'json':
    case 'repeat':
    case 'stream':
    case 'slow-reader':
      return how === 'whole' || (mayBeRefused && how === 'refused')
    case 'fault':
      return how !== 'hung'
    case 'leave':
      return how === 'left' || how === 'whole' || how === 'refused'
    case 'malformed':
      return how === 'invalid'
    case 'cut-upload':
      return how === 'left' || how === 'invalid'
  }
}

async function countReceipts(
  program: GatewayProgram,
  place: GatewayPlace,
  log: TrafficLog,
): Promise<SoakReceipts> {
  const counts = new Uint8Array(log.sent)
  const examples: string[] = []
  const example = (what: string) => examples.length < shownExamples && examples.push(what)
  let unknown = 0
  await program.readJournal(place, ({ kind, spender, id }) => {
    if (kind !== 'settled') return
    const number = numberOf(spender.session)
    if (log.owed(number) === undefined) {
      unknown++
      example(`unknown: ${id}`)
    } else counts[number] = Math.min(255, (counts[number] ?? 0) + 1)
  })
  let [owed, missing, doubled] = [0, 0, 0]
  for (const [number, count] of counts.entries()) {
    const isOwed = log.owed(number) === 'one'
    if (isOwed) owed++
    if (isOwed && count === 0) missing++
    if (count > 1) doubled++
    if (isOwed ? count !== 1 : count > 1) example(`${sessionOf(number)}: ${count} receipts`)
  }
  return { owed, missing, doubled, unknown, examples }
}
