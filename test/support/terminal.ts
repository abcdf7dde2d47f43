import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Terminal } from '../../src/cli/terminal.ts'

/** A terminal that keeps what is written to it, in a folder of its own with an empty store's place in it. */
export type FakeTerminal = Terminal & {
  readonly out: () => string
  readonly err: () => string
  /** Forgets what was written so far. */
  readonly clear: () => void
  /** A temporary folder; `LLMCOST_DB` is `store.db` in it. */
  readonly folder: string
  readonly database: string
  readonly remove: () => void
}

export type FakeOptions = {
  readonly env?: Readonly<Record<string, string>>
  /** What standard input holds. */
  readonly input?: string
  /** True where someone could answer a question. */
  readonly isTTY?: boolean
}

export function fakeTerminal({ env = {}, input = '', isTTY }: FakeOptions = {}): FakeTerminal {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-test-'))
  const database = join(folder, 'store.db')
  const written = { out: '', err: '' }
  const stdin = (async function* () {
    if (input !== '') yield Buffer.from(input)
  })()
  return {
    stdin: isTTY === undefined ? stdin : Object.assign(stdin, { isTTY }),
    stdout: {
      write: (text) => {
        written.out += text
      },
    },
    stderr: {
      write: (text) => {
        written.err += text
      },
      ...(isTTY !== undefined && { isTTY }),
    },
    env: {
      LLMCOST_DB: database,
      LLMCOST_PRICE_DATA: join(folder, 'prices.json'),
      SOURCE_DATE_EPOCH: '1793500000',
      ...env,
    },
    out: () => written.out,
    err: () => written.err,
    clear: () => {
      written.out = ''
      written.err = ''
    },
    folder,
    database,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
