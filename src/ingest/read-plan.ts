import type { Batch, FileCounts } from '../domain/batch.ts'
import type { JsonObject } from '../domain/json.ts'
import { batchInputsOf } from './batch-inputs.ts'
import type { ReadJob } from './file-work.ts'
import { type Head, headOf } from './files.ts'
import { mappingOf } from './mapping.ts'
import type { IngestPorts } from './ports.ts'
import type { Range } from './ranges.ts'
import { readFile, readRows } from './read-file.ts'
import { readers } from './readers.ts'
import type { Place } from './request-identity.ts'
import type { Settings } from './settings.ts'
import { type Container, readerNamed } from './sniff.ts'

/** All that is needed to read a file into batches, as plain data: it can be sent to another thread. */
export type ReadPlan = {
  /** As the user sees it. */
  readonly path: string
  readonly absolutePath: string
  readonly container: Container
  /** Name of the reader. */
  readonly format: string
  readonly start: Place
  /** Only these stretches of the file, each a count of lines by itself. */
  readonly ranges?: readonly Range[]
  readonly counts: FileCounts
  readonly settings: Settings
  /** Stands for the file in identities of requests that have no id of their own. */
  readonly fileKey: string
  /** The other files of the run, among which batch inputs are looked for. */
  readonly companions: readonly string[]
}

/** Reads a file as planned. `head` is given where it can be read only once (standard input). */
export async function* readPlanned(
  plan: ReadPlan,
  ports: IngestPorts,
  head?: Head,
): AsyncGenerator<Batch> {
  const { bytes, content } = head ?? (await headOf(plan.absolutePath, plan.path))
  yield* readFile(jobOf(plan), content, bytes, ports)
}

/** Reads the rows of a log that is itself a database. */
export const readPlannedRows = (
  plan: ReadPlan,
  rows: Iterable<JsonObject>,
  ports: IngestPorts,
): AsyncGenerator<Batch> => readRows(jobOf(plan), rows, ports)

function jobOf(plan: ReadPlan): ReadJob {
  const { settings, format, fileKey } = plan
  const map = settings.inputFormat === undefined ? mappingOf(settings) : undefined
  const reader = readerNamed(readers, format)
  const { content, redact, defaultAt, answerLabel } = settings
  return {
    path: plan.path,
    container: plan.container,
    reader,
    readers: map === undefined ? readers : [reader],
    start: plan.start,
    counts: plan.counts,
    prepare: { format, fileKey, content, redact },
    trustTimes: map !== undefined || format === 'canonical',
    batchInput: batchInputsOf(plan.companions),
    ...(defaultAt !== undefined && { defaultAt }),
    ...(answerLabel !== undefined && { tagPath: answerLabel }),
    ...(map !== undefined && { map }),
    ...(plan.ranges !== undefined && { ranges: plan.ranges }),
  }
}
