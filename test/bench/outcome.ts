/**
 * A process under measurement. What is measured is compared with every floor and peer of the same bench; a pace tells
 * only how quick the machine was meanwhile.
 */
export type Role = 'measured' | 'floor' | 'peer' | 'pace'

/** One run of one process. What this machine cannot tell is null. */
export type Sample = {
  readonly wallMs: number
  readonly userMs: number | null
  readonly sysMs: number | null
  readonly peakRssBytes: number | null
  readonly stdout: string
}

export type Range = { readonly min: number; readonly median: number; readonly max: number }

/** Wall time over that of a floor or peer in the same round: 1 is as fast, 2 takes twice as long. */
export type Ratio = {
  readonly to: string
  readonly role: Role
  readonly time: Range
  readonly peakRss: number | null
}

/** All runs of one process. CPU times are medians, memory is the highest of all runs. */
export type Figures = {
  readonly name: string
  readonly role: Role
  readonly runs: number
  readonly wallMs: Range
  readonly userMs: number | null
  readonly sysMs: number | null
  readonly peakRssBytes: number | null
  readonly rowsPerSecond: number | null
  readonly ratios: readonly Ratio[]
}

/** What was hoped for, in words, beside what came out. `met` is null where the input is too small to tell. */
export type Target = {
  readonly words: string
  readonly found: string
  readonly met: boolean | null
}

/** Figures of another kind than those of whole processes: a line for each of those that did the same work. */
export type Sheet = {
  readonly title: string
  readonly columns: readonly Column[]
  readonly rows: readonly SheetRow[]
}

export type Column = {
  /** What rows call it. */
  readonly key: string
  readonly heading: string
  readonly unit: 'per-second' | 'milliseconds' | 'bytes'
}

/** Over all rounds; null: it did not do this, or nobody knows. */
export type SheetRow = {
  readonly name: string
  readonly role: Role
  readonly values: Readonly<Record<string, Range | null>>
}

/** Everything one bench found. */
export type Outcome = {
  readonly bench: string
  readonly input: string
  readonly figures: readonly Figures[]
  readonly targets: readonly Target[]
  readonly sheets?: readonly Sheet[]
  /** What was left out, or did not go as it should, in sentences. */
  readonly notes?: readonly string[]
}

/** What every bench is given. Absent: the bench's own default. */
export type BenchOptions = {
  readonly sizeBytes: number | undefined
  readonly runs: number | undefined
  /** A smoke test: once, for a moment, and nothing is installed for it. Its figures mean nothing. */
  readonly quick?: boolean
  /** The package too, packed and installed, besides the build of the checkout. */
  readonly packed?: boolean
}
