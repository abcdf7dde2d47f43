import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredMessage } from '../domain/columns.ts'
import { UserError } from '../domain/user-error.ts'
import { type EchoBook, openEchoBook } from '../providers/mock-echo.ts'
import { exportRows } from '../store/export-rows.ts'
import { textOf } from '../store/request-lookup.ts'
import { openRequestSource } from '../store/request-source.ts'
import { openLogs } from './logs.ts'
import type { RunPrices } from './price-book.ts'
import type { Terminal } from './terminal.ts'

/** The answers of a log in any format that is read, by what was asked. Throws a UserError where it has none. */
export async function readEchoBook(
  path: string,
  terminal: Terminal,
  prices: RunPrices,
): Promise<EchoBook> {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-mock-'))
  try {
    const flags = { db: join(folder, 'llmcost.db'), quiet: true }
    const { store, files } = await openLogs([path], flags, terminal, prices)
    try {
      const source = openRequestSource(store.database, { files, where: [] })
      const book = openEchoBook()
      for (const row of exportRows(store.database, source)) {
        const answer = row.answer === null ? null : textOf(row.answer)
        if (answer !== null && answer !== '') book.add(conversationOf(row.prompt), answer)
      }
      if (book.size === 0) throw noAnswers(path)
      return book
    } finally {
      store.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function conversationOf(chain: readonly StoredMessage[]) {
  const textsOf = (isMeant: (role: string) => boolean) =>
    chain.filter(({ role }) => isMeant(role)).map((message) => textOf(message) ?? '')
  return {
    system: textsOf((role) => role === 'system' || role === 'developer'),
    messages: textsOf((role) => role === 'user' || role === 'assistant'),
    question: textsOf((role) => role === 'user').findLast((text) => text !== '') ?? '',
  }
}

const noAnswers = (path: string): UserError =>
  new UserError(`${path} has no answers to repeat`, {
    hint: 'name a log that holds prompts and answers, not only counts',
  })
