import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Condition } from '../domain/selection.ts'
import type { StoredRequest } from '../domain/stored-request.ts'
import { UserError } from '../domain/user-error.ts'
import { writeCanonical } from '../ingest/write-canonical.ts'
import { plural } from '../report/numbers.ts'
import { exportRows } from '../store/export-rows.ts'
import { openRequestSource } from '../store/request-source.ts'
import type { Store } from '../store/store.ts'
import { newestRequest, storeFacts } from '../store/store-facts.ts'
import { type FilterFlags, momentOf, type StoreFlags } from './common-options.ts'
import { withExistingStore } from './existing-store.ts'
import type { Narrator } from './narrator.ts'
import type { Output, Terminal } from './terminal.ts'
import { writeOut } from './write-out.ts'

export type ExportFlags = StoreFlags &
  FilterFlags & {
    readonly canonical?: boolean
    readonly receipts?: boolean
    readonly policy?: string[]
    readonly out?: string
    readonly where?: Condition[]
  }

/** `llmcost export`: the stored requests as canonical JSONL, in constant memory, or what a policy decides on them. */
export async function runExport(flags: ExportFlags, terminal: Terminal): Promise<number> {
  if (flags.receipts === true) {
    if (flags.canonical === true) throw new UserError('name one of --canonical and --receipts')
    const { exportReceipts } = await import('./export-receipts.ts')
    await exportReceipts(flags, terminal, (work) => writeTo(flags.out, terminal, work))
    return 0
  }
  if (flags.policy !== undefined)
    throw new UserError('--policy decides receipts', { hint: 'add --receipts' })
  return await withExistingStore(flags, terminal, 'requests', 'read', async (store, narrator) => {
    const source = openRequestSource(store.database, {
      files: null,
      ...period(store, flags),
      where: flags.where ?? [],
    })
    const rows = exportRows(store.database, source)
    const counts = await writeTo(flags.out, terminal, (output) => writeRows(rows, output))
    sayWhatWent(counts, store, flags.out, narrator)
    return 0
  })
}

function period({ database }: Store, { since, until }: FilterFlags) {
  const newest = newestRequest(database)
  return {
    since: momentOf(since, newest, '--since'),
    until: momentOf(until, newest, '--until'),
  }
}

type Counts = { readonly requests: number; readonly withoutText: number }

/** Characters per write. */
const blockLength = 256 * 1024

async function writeRows(rows: Iterable<StoredRequest>, output: Output): Promise<Counts> {
  let requests = 0
  let withoutText = 0
  let block = ''
  for (const row of rows) {
    const record = writeCanonical(row)
    requests += 1
    if (row.prompt.length > 0 && record['prompt'] === undefined) withoutText += 1
    block += `${JSON.stringify(record)}\n`
    if (block.length < blockLength) continue
    await writeOut(output, block)
    block = ''
  }
  if (block !== '') await writeOut(output, block)
  return { requests, withoutText }
}

/** Prompts are private: a file is its owner's only. It has its name once it is whole. */
async function writeTo<T>(
  path: string | undefined,
  terminal: Terminal,
  work: (output: Output) => Promise<T>,
): Promise<T> {
  if (path === undefined) return work(terminal.stdout)
  const partial = `${path}.partial`
  const stream = createWriteStream(partial, { mode: 0o600 })
  const failure = once(stream, 'error').then(([error]) => {
    throw error
  })
  failure.catch(() => {})
  try {
    const result = await Promise.race([work(stream), failure])
    stream.end()
    await Promise.race([once(stream, 'finish'), failure])
    await rename(partial, path)
    return result
  } catch (error) {
    stream.destroy()
    await rm(partial, { force: true })
    throw writeError(error, path)
  }
}

function writeError(error: unknown, path: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return error
  const what = code === 'ENOSPC' ? 'the disk is full' : code
  return new UserError(`${path} cannot be written (${what})`, {
    hint: 'name another file with --out, or leave it out to write to standard output',
  })
}

function sayWhatWent(
  { requests, withoutText }: Counts,
  { database }: Store,
  out: string | undefined,
  narrator: Narrator,
): void {
  narrator.say(`${plural(requests, 'request')}${out === undefined ? '' : ` written to ${out}`}`)
  if (withoutText > 0) {
    narrator.say(
      `${plural(withoutText, 'request')} without prompt and answer: their text is not kept (--content hash)`,
    )
  }
  const { aggregates } = storeFacts(database)
  if (aggregates > 0) {
    narrator.say(`${plural(aggregates, 'row')} of a provider's console left out: no requests`)
  }
}
