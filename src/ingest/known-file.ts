import type { FileCounts, KnownFile } from '../domain/batch.ts'
import { noCounts } from '../domain/batch.ts'
import type { Format } from './file-format.ts'
import { hashOf, headBytes, type LogFile } from './files.ts'
import { type Settings, settingsText } from './settings.ts'

export type FileReport = {
  readonly id: number
  readonly path: string
  readonly format: string
  /** What happened to it this time. */
  readonly state: 'new' | 'grown' | 'unchanged' | 'copy' | 'read-again'
  readonly counts: FileCounts
}

export const isUnchanged = (known: KnownFile, file: LogFile): boolean =>
  known.complete && known.size === file.size && known.mtimeMs === file.mtimeMs

export const startsAs = (head: Buffer, known: KnownFile): boolean =>
  head.length >= known.headLength && hashOf(head.subarray(0, known.headLength)) === known.headHash

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
