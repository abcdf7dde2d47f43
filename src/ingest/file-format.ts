import type { Head, LogFile } from './files.ts'
import { mappingOf } from './mapping.ts'
import type { Reader } from './reader.ts'
import { readers } from './readers.ts'
import type { Settings } from './settings.ts'
import { type Container, chooseReader, readerNamed, sampleRecords } from './sniff.ts'

/** How a file is laid out and who reads it. */
export type Format = { readonly container: Container; readonly reader: Reader }

/** The reader that the user named or that fits the file's first records; null where none does. */
export function readerOf(
  file: LogFile,
  head: Head,
  container: Container,
  settings: Settings,
): Reader | null {
  if (settings.inputFormat !== undefined) return readerNamed(readers, settings.inputFormat)
  if (mappingOf(settings) !== undefined) return readerNamed(readers, 'canonical')
  if (container === 'sqlite') return readers.find((reader) => reader.tables !== undefined) ?? null
  return chooseReader(readers, sampleRecords(container, head.bytes), file.path)?.reader ?? null
}

/** The readers that may know a record as it stands: none where a mapping says what it means. */
export function candidates(settings: Settings): readonly Reader[] {
  if (settings.inputFormat !== undefined) return [readerNamed(readers, settings.inputFormat)]
  return mappingOf(settings) === undefined ? readers : []
}

/** A --map line made of the fields that this file really has. */
export function mapHint(head: Head, container: Container): string {
  const [record] = container === 'sqlite' ? [] : sampleRecords(container, head.bytes)
  const fields = Object.keys(record ?? {})
    .slice(0, 8)
    .join(', ')
  return `say what its fields mean, e.g. --map model=FIELD --map at=FIELD --map usage.inputTokens=FIELD${fields === '' ? '' : ` (it has: ${fields})`}, or name its format with --input-format`
}
