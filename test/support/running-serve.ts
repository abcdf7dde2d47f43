import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServeFlags } from '../../src/cli/serve.ts'
import { type RunningServe, startServe } from '../../src/cli/start-serve.ts'
import type { JournalEntry, Settled } from '../../src/domain/journal.ts'
import type { GatewayStore } from '../../src/store/gateway-store.ts'
import { newTerminal } from './cli.ts'
import type { FakeTerminal } from './terminal.ts'

export type StartedServe = {
  readonly serve: RunningServe
  readonly terminal: FakeTerminal
  /** Of the policy file. */
  readonly path: string
  health(): Promise<{ readonly status: string; readonly why: readonly string[] }>
  /** A question to the data port. */
  ask(body?: object): Promise<Response>
}

export const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'What is a heap?' }],
}

/** The gateway of the command line, in this process, with real files in a folder of its own. */
export async function startedServe(options: {
  readonly env: Readonly<Record<string, string>>
  readonly policy?: string
  readonly flags?: ServeFlags
}): Promise<StartedServe> {
  const terminal = newTerminal({ env: options.env })
  const path = join(terminal.folder, 'llmcost.yaml')
  writeFileSync(path, options.policy ?? 'coalesce: false\n')
  const flags = { port: 0, adminPort: 0, policy: [path], ...options.flags }
  const serve = await startServe(flags, terminal)
  const { url, adminUrl } = serve.gateway
  return {
    serve,
    terminal,
    path,
    health: async () =>
      (await (await fetch(`${adminUrl}/health`)).json()) as Awaited<
        ReturnType<StartedServe['health']>
      >,
    ask: (body = question) =>
      fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer sk-test' },
        body: JSON.stringify(body),
      }),
  }
}

/** What the ledger holds, in order. */
export const journalOf = (store: Pick<GatewayStore, 'journalAfter'>): readonly JournalEntry[] =>
  Array.from(
    store.journalAfter(0, () => {}),
    ({ entries }) => entries,
  ).flat()

export const settledIn = (entries: readonly JournalEntry[]): readonly Settled[] =>
  entries.filter((entry): entry is Settled => entry.kind === 'settled')

/** Waits until something holds, as often as the event loop turns. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}
