import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { startServer } from '../../support/server-process.ts'
import { plainEnvironment } from '../measure.ts'
import type { Pin } from './cores.ts'
import type { Load, LoadFound } from './load.ts'
import type { LoadAnswer } from './load-main.ts'
import { type Probed, probe, wordsIn } from './probe.ts'
import type { Programs } from './programs.ts'
import type { Scenario } from './scenarios.ts'
import type { Running } from './subject.ts'
import { answerBody, path, placeholder, requestBody } from './wire.ts'

export type Times = { readonly warmUpMs: number; readonly measuredMs: number }

/** What a load found, and what it cost the gateway. */
export type Measured = LoadFound & {
  /** Processor time for each request; null where nobody knows. */
  readonly cpuMs: number | null
}

/** The load and the API behind the gateways, each a process of its own. */
export type Rig = {
  readonly upstreamUrl: string
  measure(running: Running, scenario: Scenario, times: Times): Promise<Measured>
  /** Throws where the answer is not the upstream's. */
  check(running: Running, scenario: Scenario): Promise<Probed>
  close(): Promise<void>
}

const chunks = 8

/** Starts both on the core that is not measured. */
export async function openRig(programs: Programs, pin: Pin): Promise<Rig> {
  const upstream = await startServer({
    argv: pin([process.execPath, programs.upstream, String(chunks)]),
    env: plainEnvironment(),
    ready: /^(http:\S+)$/m,
  })
  const load = startLoad(pin([process.execPath, programs.load]))
  let nextNumber = 1
  return {
    upstreamUrl: upstream.said,
    async measure(running, { streams, repeats, pace }, times) {
      const route = routeTo(running, bodyOf(streams, repeats))
      const [firstNumber, cpuBefore] = [nextNumber, running.process?.cpuMs()]
      const found = await runIn(load, { route, pace, ...times, firstNumber })
      nextNumber = found.nextNumber
      const [cpuAfter, sent] = [running.process?.cpuMs(), nextNumber - firstNumber]
      const isKnown = typeof cpuBefore === 'number' && typeof cpuAfter === 'number'
      return { ...found, cpuMs: isKnown ? (cpuAfter - cpuBefore) / sent : null }
    },
    async check({ url, headers }, { streams }) {
      const probed = await probe({
        url: `${url}${path}`,
        headers: { ...client, ...headers },
        body: requestBody(streams),
      })
      const words = wordsIn(probed, streams)
      if (words !== wordsIn({ ...probed, text: answerBody }, false))
        throw new Error(`another answer than the upstream's: ${words.slice(0, 80)}`)
      return probed
    },
    async close() {
      load.kill()
      await upstream.end()
    },
  }
}

/** What any client sends. */
const client = { authorization: 'Bearer sk-bench' }

const bodyOf = (streams: boolean, repeats: boolean): string => {
  const body = requestBody(streams)
  return repeats ? body.replace(placeholder, '0'.repeat(placeholder.length)) : body
}

function routeTo({ url, headers }: Running, body: string): Load['route'] {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port), path, headers: { ...client, ...headers }, body }
}

function startLoad([program, ...args]: readonly [string, ...string[]]): ChildProcess {
  const child = spawn(program, args, {
    env: plainEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

async function runIn(child: ChildProcess, load: Load): Promise<LoadFound> {
  const answered = new AbortController()
  const { signal } = answered
  try {
    const ended = once(child, 'exit', { signal }).then(() => [{ error: 'the load ended' }])
    child.send(load)
    const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [
      LoadAnswer,
    ]
    if ('error' in answer) throw new Error(answer.error)
    return answer.found
  } finally {
    answered.abort()
  }
}
