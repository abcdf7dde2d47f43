import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { createServer } from 'node:net'

export type ServerCommand = {
  readonly argv: readonly [string, ...string[]]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** What it prints once it listens, on either stream, or an address that answers then. */
  readonly ready: RegExp | string
  /** Told of everything it says, on either stream, as it comes. */
  readonly onOutput?: (text: string) => void
}

export type ServerProcess = {
  readonly pid: number
  /** From its start until it was ready. */
  readonly startMs: number
  /** What the pattern's first group caught; '' without one. */
  readonly said: string
  /** What each group caught, the first one first. */
  readonly groups: readonly string[]
  /** Resident memory; null once it has ended. */
  rssBytes(): number | null
  /** Processor time of all its threads so far, by 10 ms; null where the system does not tell. */
  cpuMs(): number | null
  /** Sends the signal (SIGTERM by default) and waits until it is gone; SIGKILL where it stays. */
  end(signal?: NodeJS.Signals): Promise<void>
  readonly hasEnded: boolean
}

const longestStartMs = 120_000
const longestEndMs = 10_000
/** Of what a failed process said. */
const shownCharacters = 2000
const keptCharacters = 100_000

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a server as a process of its own and waits until it is ready. Whatever is left of them ends with this process. */
export async function startServer(command: ServerCommand): Promise<ServerProcess> {
  const [program, ...args] = command.argv
  const startedAt = performance.now()
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: command.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const exited = new Promise<void>((resolve) => {
    const forget = () => {
      running.delete(child)
      resolve()
    }
    child.once('exit', forget)
    child.once('error', forget)
  })
  const groups = await readiness(child, command)
  return {
    pid: child.pid as number,
    startMs: performance.now() - startedAt,
    said: groups[0] ?? '',
    groups,
    rssBytes: () => (hasEnded(child) ? null : rssOf(child.pid as number)),
    cpuMs: () => (hasEnded(child) ? null : cpuMsOf(child.pid as number)),
    get hasEnded() {
      return hasEnded(child)
    },
    async end(signal = 'SIGTERM') {
      if (!hasEnded(child)) child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), longestEndMs)
      await exited
      clearTimeout(timer)
    },
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null

function readiness(
  child: ChildProcess,
  { argv, ready, onOutput }: ServerCommand,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let output = ''
    let probe: NodeJS.Timeout | undefined
    const settle = (done: () => void) => {
      clearTimeout(timer)
      clearInterval(probe)
      child.off('exit', fail)
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', listen)
      done()
    }
    const fail = () =>
      settle(() => {
        child.kill('SIGKILL')
        const last = output.slice(-shownCharacters).trimEnd()
        reject(new Error(`${argv.join(' ')} did not get ready:\n${last}`))
      })
    const timer = setTimeout(fail, longestStartMs)
    child.once('exit', fail)
    child.once('error', (error) => {
      output += String(error)
      fail()
    })
    const listen = (chunk: Buffer) => {
      output = (output + chunk).slice(-keptCharacters)
      const match = typeof ready === 'string' ? null : ready.exec(output)
      if (match !== null) settle(() => resolve(match.slice(1)))
    }
    // Later output is let go where nobody asks for it: unread, it would hold the process up.
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', listen).resume()
    if (onOutput !== undefined)
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => onOutput(chunk.toString()))
    if (typeof ready === 'string')
      probe = setInterval(() => {
        void answers(ready).then((isReady) => isReady && settle(() => resolve([])))
      }, probeMs)
  })
}

const probeMs = 10

const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 1000 }, (response) => {
      response.resume()
      resolve(true)
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => resolve(false))
  })

/** Of a running process; null where the system does not tell. */
function rssOf(pid: number): number | null {
  try {
    const [, kilobytes] =
      /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })
    const kilobytes = Number(stdout?.trim() || Number.NaN)
    return Number.isFinite(kilobytes) ? kilobytes * 1024 : null
  }
}

/** What Linux counts processor time in, everywhere. */
const tickMs = 10

/** Of a running process, from the fields after its name: user and system time are the 12th and 13th of them. */
function cpuMsOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * tickMs
  } catch {
    return null
  }
}

/** A port that nobody listens on just now, for programs that cannot choose one themselves. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('no port')
      server.close(() => resolve(address.port))
    })
  })
