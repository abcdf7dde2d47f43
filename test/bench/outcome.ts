/** A process under measurement. What is measured is compared with every floor and peer of the same bench. */
export type Role = 'measured' | 'floor' | 'peer'

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

/** Everything one bench found. */
export type Outcome = {
  readonly bench: string
  readonly input: string
  readonly figures: readonly Figures[]
  readonly targets: readonly Target[]
}

/** What every bench is given. Absent: the bench's own default. */
export type BenchOptions = {
  readonly sizeBytes: number | undefined
  readonly runs: number | undefined
}
