import { spawnSync } from 'node:child_process'
import { createReadStream, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { JournalEntry } from '../../src/domain/journal.ts'
import { openDatabase } from '../../src/store/database.ts'
import { freePort, type ServerProcess, startServer } from './server-process.ts'

const root = resolve(import.meta.dirname, '../..')
export const launcher = join(root, 'bin/llmcost.js')

/** Where a gateway keeps its files, and the API behind it: "http://127.0.0.1:4143". */
export type GatewayPlace = { readonly folder: string; readonly upstreamUrl: string }

export type StartedGateway = {
  /** Of the data port; paths are those of OpenAI's API. */
  readonly url: string
  readonly adminUrl: string
  readonly process: ServerProcess
}

/** A gateway that can be started, killed and started again on the same ledger. */
export type GatewayProgram = {
  readonly name: string
  start(place: GatewayPlace): Promise<StartedGateway>
  /** Every entry of its journal, in order. Throws where the journal is damaged. */
  readJournal(place: GatewayPlace, visit: (entry: JournalEntry) => void): Promise<void>
}

/** `llmcost serve` of this checkout. `policy`: a policy file's text for an upstream. */
export const serveProgram = (policy: (upstreamUrl: string) => string): GatewayProgram => ({
  name: 'llmcost serve',
  async start({ folder, upstreamUrl }) {
    const file = join(folder, 'llmcost.yaml')
    writeFileSync(file, policy(upstreamUrl))
    const adminPort = await freePort()
    const flags = ['--debug', '--policy', file, '--db', join(folder, 'store.db')]
    const ports = ['--port', '0', '--admin-port', String(adminPort)]
    const server = await startServer({
      argv: [process.execPath, launcher, 'serve', ...flags, ...ports],
      cwd: folder,
      ready: servesAt,
    })
    return { url: server.said, adminUrl: `http://127.0.0.1:${adminPort}`, process: server }
  },
  async readJournal({ folder }, visit) {
    const ledger = await openDatabase(join(folder, 'store.db.gateway'), { readOnly: true })
    try {
      const [check] = ledger.prepare('PRAGMA integrity_check').all()
      if (check?.['integrity_check'] !== 'ok')
        throw new Error(`the ledger is damaged: ${JSON.stringify(check)}`)
      const turns = ledger.prepare('SELECT entries FROM journal ORDER BY turn')
      for (const [entries] of turns.cells())
        for (const entry of JSON.parse(String(entries)) as readonly JournalEntry[]) visit(entry)
    } finally {
      ledger.close()
    }
  },
})

/** False for a build without the gateway. */
export function hasServe(program: string = launcher): boolean {
  const { stdout } = spawnSync(process.execPath, [program, '--help'], { encoding: 'utf8' })
  return /^ {2}serve\b/m.test(stdout)
}

/** What a gateway may do wrong, for checks to notice. */
export type Flaw =
  | 'leaks-memory'
  | 'leaks-sockets'
  | 'leaks-timers'
  | 'loses-receipts'
  | 'doubles-receipts'
  | 'begins-late'
  | 'settles-early'

/** The smallest gateway that does what is checked, but for its flaws. */
export const referenceProgram = (...flaws: readonly Flaw[]): GatewayProgram => ({
  name: ['the reference', ...flaws].join(', '),
  async start({ folder, upstreamUrl }) {
    const adminPort = await freePort()
    const server = await startServer({
      argv: [
        process.execPath,
        ...['--import', 'tsx', join(import.meta.dirname, 'reference-gateway-main.ts')],
        ...['--upstream', upstreamUrl, '--journal', journalIn(folder)],
        ...['--admin-port', String(adminPort)],
        ...flaws.flatMap((flaw) => ['--flaw', flaw]),
      ],
      cwd: root,
      ready: servesAt,
    })
    return { url: server.said, adminUrl: `http://127.0.0.1:${adminPort}`, process: server }
  },
  async readJournal({ folder }, visit) {
    const lines = createInterface({ input: createReadStream(journalIn(folder)) })
    for await (const line of lines) visit(JSON.parse(line) as JournalEntry)
  },
})

const journalIn = (folder: string): string => join(folder, 'journal.jsonl')

/** The line that a gateway prints for its users to copy, once it listens. */
export const servesAt = /^OPENAI_BASE_URL=(http:\S+)\/v1$/m

/** `llmcost mock` on a free port. `settings`: its file, as YAML or JSON. */
export async function startMock(folder: string, settings: string): Promise<ServerProcess> {
  const config = join(folder, 'mock.yaml')
  writeFileSync(config, settings)
  return startServer({
    argv: [process.execPath, launcher, 'mock', '--port', '0', '--config', config],
    ready: servesAt,
  })
}
