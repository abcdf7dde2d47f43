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
  /** What it said of mistakes of its own, so far. */
  bugs(): readonly string[]
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
    const flags = ['--policy', file, '--db', join(folder, 'store.db'), '--debug']
    const ports = ['--port', '0', '--admin-port', '0']
    const bugs = openBugWatch()
    const server = await startServer({
      argv: [process.execPath, launcher, 'serve', ...flags, ...ports],
      cwd: folder,
      ready: servesAndShows,
      onOutput: bugs.read,
    })
    const [url = '', adminUrl = ''] = server.groups
    return { url, adminUrl, process: server, bugs: bugs.found }
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
    const adminUrl = `http://127.0.0.1:${adminPort}`
    return { url: server.said, adminUrl, process: server, bugs: () => [] }
  },
  async readJournal({ folder }, visit) {
    const lines = createInterface({ input: createReadStream(journalIn(folder)) })
    for await (const line of lines) visit(JSON.parse(line) as JournalEntry)
  },
})

const journalIn = (folder: string): string => join(folder, 'journal.jsonl')

/** The line that a gateway prints for its users to copy, once it listens. */
export const servesAt = /^OPENAI_BASE_URL=(http:\S+)\/v1$/m

/** The same, and the line with the address of the admin port: on two streams, so in either order. */
const servesAndShows =
  /^(?=[\s\S]*^OPENAI_BASE_URL=(http:\S+)\/v1\n)(?=[\s\S]*^dashboard: (http:\S+)\n)/m

/** Lines of a gateway's log that tell of its own mistakes; the first few are kept. */
function openBugWatch() {
  const bugs: string[] = []
  let rest = ''
  return {
    found: (): readonly string[] => bugs,
    read(text: string): void {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines)
        if (line.includes('a mistake of the gateway') && bugs.length < mostBugs) bugs.push(line)
    },
  }
}

const mostBugs = 20

/** `llmcost mock` on a free port. `settings`: its file, as YAML or JSON. */
export async function startMock(folder: string, settings: string): Promise<ServerProcess> {
  const config = join(folder, 'mock.yaml')
  writeFileSync(config, settings)
  return startServer({
    argv: [process.execPath, launcher, 'mock', '--port', '0', '--config', config],
    ready: servesAt,
  })
}
