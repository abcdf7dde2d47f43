import type { FileCounts, KnownFile } from '../domain/batch.ts'
import { noCounts } from '../domain/batch.ts'
import { ledgerFormat } from '../domain/journal.ts'
import type { Format } from './file-format.ts'
import { hashOf, headBytes, type LogFile } from './files.ts'
import { type AskedSettings, mergeSettings, type Settings, settingsText } from './settings.ts'

export type FileReport = {
  readonly id: number
  readonly path: string
  readonly format: string
  /** What happened to it this time. */
  readonly state: 'new' | 'grown' | 'unchanged' | 'copy' | 'read-again'
  readonly counts: FileCounts
}

/** Nothing of it is left to read. A gateway's ledger is no log: what is new in it has been taken in before. */
export const isDone = (known: KnownFile, file: LogFile, asked: AskedSettings): boolean =>
  known.format === ledgerFormat ||
  (isUnchanged(known, file) &&
    known.settings === settingsText(mergeSettings(asked, known.settings)))

const isUnchanged = (known: KnownFile, file: LogFile): boolean =>
  known.complete && known.size === file.size && known.mtimeMs === file.mtimeMs

/** Hashes of the beginnings of one head: files of a run are compared with many known ones of equal length. */
export class HeadHashes {
  readonly #head: Buffer
  readonly #byLength = new Map<number, string>()

  constructor(head: Buffer) {
    this.#head = head
  }

  /** True when the file begins with all of the head that the known file had. */
  startsAs({ headHash, headLength }: KnownFile): boolean {
    if (this.#head.length < headLength) return false
    let hash = this.#byLength.get(headLength)
    if (hash === undefined) {
      hash = hashOf(this.#head.subarray(0, headLength))
      this.#byLength.set(headLength, hash)
    }
    return hash === headHash
  }
}

/** Only JSON lines can be taken up in the middle, and only under the settings they were begun with. */
export const canResume = (
  known: KnownFile,
  row: Omit<KnownFile, 'id'>,
  { container, reader }: Format,
): boolean =>
  known.settings === row.settings &&
  known.format === row.format &&
  container === 'json-lines' &&
  reader.resumable !== false

export function fileRow(
  file: LogFile,
  format: string,
  settings: Settings,
  head: Buffer,
): Omit<KnownFile, 'id'> {
  const length = Math.min(head.length, headBytes)
  return {
    path: file.absolutePath,
    format,
    settings: settingsText(settings),
    size: file.size,
    mtimeMs: file.mtimeMs,
    headHash: hashOf(head.subarray(0, length)),
    headLength: length,
    byteOffset: 0,
    line: 0,
    complete: false,
    counts: noCounts,
  }
}

export const report = (known: KnownFile, path: string, state: FileReport['state']): FileReport => ({
  id: known.id,
  path,
  format: known.format,
  state,
  counts: known.counts,
})
