import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect } from 'vitest'
import type { AnalyzeResult } from '../../src/analyze/result.ts'
import { run } from '../../src/cli/main.ts'
import { type Database, openDatabase, type SqlRow } from '../../src/store/database.ts'
import { type FakeOptions, type FakeTerminal, fakeTerminal } from './terminal.ts'

export const root = resolve(import.meta.dirname, '../..')
export const fixtures = resolve(root, 'fixtures/logs')
/** The command as it is shipped. */
export const command = resolve(root, 'bin/llmcost.js')

const open: FakeTerminal[] = []

/** A terminal with an empty store's place, until `removeTerminals`. */
export function newTerminal(options?: FakeOptions): FakeTerminal {
  const terminal = fakeTerminal(options)
  open.push(terminal)
  return terminal
}

export function removeTerminals(): void {
  for (const terminal of open.splice(0)) terminal.remove()
}

/** What one command line did. */
export type Ran = { readonly code: number; readonly out: string; readonly err: string }

export async function runIn(terminal: FakeTerminal, ...argv: readonly string[]): Promise<Ran> {
  terminal.clear()
  const code = await run(argv, terminal)
  const ran = { code, out: terminal.out(), err: terminal.err() }
  terminal.clear()
  return ran
}

/** `llmcost analyze … --format json`, which must succeed. */
export async function analyzeIn(
  terminal: FakeTerminal,
  ...argv: readonly string[]
): Promise<AnalyzeResult> {
  const { code, out, err } = await runIn(terminal, 'analyze', ...argv, '--format', 'json')
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as AnalyzeResult
}

/** The report without what differs between two runs on the same requests. */
export const comparable = ({
  generatedAt: _,
  store: _store,
  inputs,
  ...rest
}: AnalyzeResult): object => ({
  ...rest,
  inputs: inputs.map(({ path: _path, ...input }) => input),
})

/** Works on a terminal's store as it lies there. */
export async function withDatabase<T>(
  { database }: Pick<FakeTerminal, 'database'>,
  work: (database: Database) => T,
): Promise<T> {
  const store = await openDatabase(database)
  try {
    return work(store)
  } finally {
    store.close()
  }
}

export const rowsOf = (
  terminal: Pick<FakeTerminal, 'database'>,
  sql: string,
): Promise<readonly SqlRow[]> =>
  withDatabase(terminal, (database) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row })),
  )

export const jsonOf = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T

/** A canonical record with the counts that make it cost something. */
export const canonicalRecord = (fields: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    v: 1,
    at: '2026-08-01T10:00:00.000Z',
    provider: 'openai',
    model: 'gpt-4o',
    usage: { inputTokens: 1000, outputTokens: 100 },
    ...fields,
  })

export type Ended = Ran & { readonly signal: NodeJS.Signals | null }

/** A child process with what it wrote once it has ended. */
export function started(child: ChildProcess): { child: ChildProcess; ended: Promise<Ended> } {
  const written = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => {
    written.out += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    written.err += chunk.toString()
  })
  const ended = new Promise<Ended>((resolveEnded, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolveEnded({ code: code ?? -1, signal, ...written }))
  })
  return { child, ended }
}

/** The shipped command in a process of its own, on a terminal's store. */
export function startCommand(
  { env }: Pick<FakeTerminal, 'env'>,
  argv: readonly string[],
): { child: ChildProcess; ended: Promise<Ended> } {
  return started(
    spawn(process.execPath, [command, ...argv], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
}
