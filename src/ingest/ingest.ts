import { createReadStream } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { findFiles, openStream } from './files.ts'
import type { FileReport } from './known-file.ts'
import type { Sink } from './ports.ts'
import { type Begun, type IngestOptions, Session } from './session.ts'

export type IngestReport = {
  readonly files: readonly FileReport[]
  /** Files of a directory that are no log in any known format. */
  readonly passedOver: readonly string[]
}

/** Files that are read ahead of the one being stored. */
const filesAhead = 8

/** Reads logs into the sink, each from where it was left. Stops between two batches when the signal says so. */
export async function ingest(options: IngestOptions, sink: Sink): Promise<IngestReport> {
  const files: FileReport[] = []
  const passedOver: string[] = []
  const found = await findFiles(options.inputs.filter((input) => input !== '-'))
  const session = new Session(options, sink, found)
  const begun: Begun[] = []
  const storeNext = async () => {
    const next = begun.shift()
    if (next !== undefined) files.push(await session.store(next))
  }
  for (const file of found) {
    // Lets a Ctrl-C in between two files.
    await nextTurn()
    if (options.signal.aborted) break
    const next = file.isStream
      ? await beginStream(session, file.path, createReadStream(file.path))
      : await session.begin(file)
    if (next === null) passedOver.push(file.path)
    else begun.push(next)
    if (begun.length > filesAhead) await storeNext()
  }
  while (begun.length > 0) await storeNext()
  if (options.inputs.includes('-') && !options.signal.aborted) {
    const next = await beginStream(session, '-', options.stdin)
    if (next !== null) files.push(await session.store(next))
  }
  return { files, passedOver }
}

async function beginStream(
  session: Session,
  path: string,
  stream: AsyncIterable<Buffer>,
): Promise<Begun | null> {
  const { file, head } = await openStream(path, stream)
  return session.beginWith(file, head)
}
