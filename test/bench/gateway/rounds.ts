import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { kill, platform } from 'node:process'
import { newFolder, removeFolder } from '../work-folder.ts'
import type { Pin } from './cores.ts'
import type { Measured, Rig, Times } from './rig.ts'
import { hitScenarios, type Scenario, scenarios } from './scenarios.ts'
import type { Running, Subject } from './subject.ts'

/** What one subject did in one round. */
export type RoundOf = {
  readonly subject: Subject
  readonly startMs: number | null
  /** After all loads. */
  readonly rssBytes: number | null
  readonly loads: ReadonlyMap<Scenario, Measured>
}

export type Round = readonly RoundOf[]

export type RoundOptions = {
  readonly subjects: readonly Subject[]
  readonly rig: Rig
  readonly pin: Pin
  readonly times: Times
  readonly scenarios: readonly Scenario[]
  /** Of subjects that answer from a cache, asked for exact hits too. */
  readonly hasCache: (subject: Subject) => boolean
  /** Told of what is not as it should be, in a sentence. */
  readonly note: (sentence: string) => void
}

type Started = {
  readonly subject: Subject
  readonly running: Running
  readonly loads: Map<Scenario, Measured>
}

/**
 * Starts all subjects anew, then gives each scenario to one after the other: what is compared is seconds apart. They are
 * stopped while they wait for their turn.
 */
export async function runRound(options: RoundOptions): Promise<Round> {
  const folder = newFolder()
  const started: Started[] = []
  try {
    for (const [index, subject] of options.subjects.entries()) {
      const running = await startOne(subject, join(folder, String(index)), options)
      if (running === null) continue
      started.push({ subject, running, loads: new Map() })
      signalTo(running, 'SIGSTOP')
    }
    await warmUp(started, options)
    for (const scenario of [...options.scenarios, ...hitScenarios])
      for (const each of started) await alone(each, () => measureOne(each, scenario, options))
    return started.map(({ subject, running, loads }) => ({
      subject,
      startMs: running.process?.startMs ?? null,
      rssBytes: running.process?.rssBytes() ?? null,
      loads,
    }))
  } finally {
    for (const { running } of started) {
      signalTo(running, 'SIGCONT')
      await running.process?.end()
    }
    removeFolder(folder)
  }
}

/** Nothing that another one still has to do, such as a queue of requests that nobody waits for, counts against it. */
async function alone({ running }: Started, work: () => Promise<void>): Promise<void> {
  signalTo(running, 'SIGCONT')
  await work()
  signalTo(running, 'SIGSTOP')
}

function signalTo({ process: server }: Running, signal: 'SIGSTOP' | 'SIGCONT'): void {
  if (server !== null && !server.hasEnded && platform !== 'win32') kill(server.pid, signal)
}

/** Null for a peer that does not start here; the others must. */
async function startOne(
  subject: Subject,
  folder: string,
  { rig, pin, note }: RoundOptions,
): Promise<Running | null> {
  process.stderr.write(`  starting ${subject.name}\n`)
  mkdirSync(folder)
  try {
    return await subject.start({ folder, upstreamUrl: rig.upstreamUrl, pin })
  } catch (error) {
    if (subject.role !== 'peer') throw error
    note(`${subject.name}: ${reasonOf(error).split('\n').at(-1)}`)
    return null
  }
}

/** A server is quicker once its code is compiled; nobody measures a gateway in its first second. */
async function warmUp(started: readonly Started[], { rig, times, ...rest }: RoundOptions) {
  const both = scenarios.filter(({ key }) => key === 'json-16' || key === 'sse-16')
  for (const each of started)
    await alone(each, async () => {
      for (const scenario of both) {
        try {
          await rig.check(each.running, scenario)
          await rig.measure(each.running, scenario, { ...times, warmUpMs: 0 })
        } catch (error) {
          rest.note(`${each.subject.name}, ${scenario.title}: ${reasonOf(error)}`)
        }
      }
    })
}

async function measureOne(each: Started, scenario: Scenario, options: RoundOptions): Promise<void> {
  const { subject, running, loads } = each
  const { rig, times, note } = options
  if (scenario.repeats && !options.hasCache(subject)) return
  process.stderr.write(`  ${scenario.title}: ${subject.name}\n`)
  const name = `${subject.name}, ${scenario.title}`
  try {
    await rig.check(running, scenario)
    if (scenario.repeats) requireHit(await rig.check(running, scenario))
    const found = await rig.measure(running, scenario, times)
    if (found.failed > 0) note(`${name}: ${found.failed} failed, ${found.answered} answered`)
    const lag = lagOf(scenario, found)
    if (lag !== null) note(`${name}: ${lag}`)
    if (found.answered > 0 && found.keptPace) loads.set(scenario, found)
  } catch (error) {
    note(`${name}: ${reasonOf(error)}`)
  }
}

/** Of what was due, this share must be answered in time. */
const leastHeld = 0.95

/** How far a server was from holding a given pace; null where it held it, or none was given. */
function lagOf({ pace }: Scenario, { keptPace, perSecond }: Measured): string | null {
  if (!keptPace) return 'requests piled up'
  if (pace.kind === 'closed' || perSecond >= leastHeld * pace.perSecond) return null
  return `answered ${Math.round(perSecond)} a second`
}

/** By the header that tells it. */
function requireHit({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): void {
  const status = headers['x-llmcost-cache']
  if (status !== 'hit-exact') throw new Error(`no exact hit: x-llmcost-cache is ${status}`)
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
