import type { Batch, FileCounts, KnownFile } from '../domain/batch.ts'
import type { RequestKeys } from '../domain/keys.ts'
import type { Pricing } from '../domain/price.ts'
import type { Request } from '../domain/request.ts'
import type { Usage } from '../domain/usage.ts'

/** What of a prompt and its answer may be stored: the text, keyed hashes of it, or nothing. */
export type ContentMode = 'full' | 'hash' | 'none'

/** What the ingest asks of the layers beside it. */
export type IngestPorts = {
  keysOf(request: Request): RequestKeys
  /** The presets' verdicts as bits, see `difficultyShift`; 0 where there is no text to judge by. */
  difficultyOf(request: Request): number
  price(request: Request, usage: Usage): Pricing
  /** A few characters that stand for a text in this store and tell nothing of it. */
  pseudonym(text: string): string
  /** Loads the tokenizer; asked only when a log has no token counts. */
  loadTokenCounter(): Promise<(text: string) => number>
}

/** Where batches go: the store. */
export type Sink = {
  /** How many bytes are about to be read, at most. */
  expect(bytes: number): void
  knownFiles(): readonly KnownFile[]
  /** Adds a file, or changes what is known of it; returns its number. */
  saveFile(file: Omit<KnownFile, 'id'>, id?: number): number
  /** Drops a file's requests and its place, to read it again from its start; `withText` also what only they said. */
  forgetFile(id: number, withText: boolean): void
  /** Takes back what a growing file's cut-off end left behind; returns the counts to go on from. */
  resume(id: number): FileCounts
  append(fileId: number, batch: Batch): void
}
