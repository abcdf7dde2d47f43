import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Sample } from './outcome.ts'

export type Command = {
  readonly argv: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string>>
}

const time = '/usr/bin/time'
const preload = pathToFileURL(resolve(import.meta.dirname, 'resource-usage.mjs')).href
/** Of a failed process, this much of what it said. */
const shownCharacters = 2000

let timeWorks: boolean | undefined

/** GNU time; the one of macOS and busybox knows no formats. */
export function hasTime(): boolean {
  timeWorks ??= spawnSync(time, ['-f', '%M', '-o', '/dev/null', 'true']).status === 0
  return timeWorks
}

const running = new Set<ChildProcess>()

/**
 * Runs one process to its end and measures it: wall time around the whole process, the rest by `time`, else by the
 * process itself where that is Node. What it writes goes to files in `folder`. Throws when it fails.
 */
export async function measure(command: Command, folder: string): Promise<Sample> {
  const usageFile = join(folder, 'usage.txt')
  const paths = { out: join(folder, 'stdout.txt'), err: join(folder, 'stderr.txt') }
  rmSync(usageFile, { force: true })
  const [out, err] = [openSync(paths.out, 'w'), openSync(paths.err, 'w')]
  const [program, ...args] = measuredArgv(command.argv, usageFile)
  const startedAt = process.hrtime.bigint()
  // A group of its own, so that it can be ended together with what it started.
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...plainEnvironment(), BENCH_USAGE_FILE: usageFile, ...command.env },
    stdio: ['ignore', out, err],
    detached: true,
  })
  running.add(child)
  const code = await exitOf(child)
  const wallMs = Number(process.hrtime.bigint() - startedAt) / 1e6
  running.delete(child)
  closeSync(out)
  closeSync(err)
  if (code !== 0) {
    const said = readFileSync(paths.err, 'utf8').slice(-shownCharacters)
    throw new Error(`${command.argv.join(' ')} ended with ${code}:\n${said}`)
  }
  return { wallMs, ...usageIn(usageFile), stdout: readFileSync(paths.out, 'utf8') }
}

/** Ends what is being measured. */
export function endRunning(): void {
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
}

function measuredArgv(argv: Command['argv'], usageFile: string): Command['argv'] {
  const [program, ...args] = argv
  if (hasTime()) return [time, '-f', '%U %S %M', '-o', usageFile, program, ...args]
  return program === process.execPath ? [program, '--import', preload, ...args] : argv
}

/** What a developer's shell sets must not change what is measured. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:LLMCOST_|NODE_)/.test(name))
  return { ...Object.fromEntries(kept), TZ: 'UTC' }
}

const exitOf = (child: ChildProcess): Promise<number | NodeJS.Signals | null> =>
  new Promise((resolveExit, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolveExit(code ?? signal))
  })

function usageIn(path: string): Omit<Sample, 'wallMs' | 'stdout'> {
  const [user, sys, kilobytes] = numbersIn(path)
  if (user === undefined || sys === undefined || kilobytes === undefined)
    return { userMs: null, sysMs: null, peakRssBytes: null }
  return { userMs: user * 1000, sysMs: sys * 1000, peakRssBytes: kilobytes * 1024 }
}

function numbersIn(path: string): readonly number[] {
  try {
    return readFileSync(path, 'utf8').trim().split(' ').map(Number)
  } catch {
    return []
  }
}
