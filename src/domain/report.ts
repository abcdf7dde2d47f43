/** The parts that every result object of a command starts with. Plain data: what `--format json` prints. */
export type ResultHead<Kind extends string> = {
  readonly kind: Kind
  readonly version: 1
  readonly generatedAt: string
  readonly inputs: readonly InputSummary[]
  readonly fingerprints: {
    readonly policy: string | null
    readonly prices: string
    readonly embedder: string | null
  }
  readonly warnings: readonly Warning[]
}

export type InputSummary = {
  readonly path: string
  readonly format: string
  readonly requests: number
  readonly duplicates: number
  /** Rejected and ignored records by reason. */
  readonly skipped: Readonly<Record<string, number>>
}

export type Warning = { readonly code: string; readonly message: string; readonly count: number }

/** Where the prices of a report are from. */
export type PriceBookUsed = {
  /** Name and version. */
  readonly name: string
  /** The newest ISO day in it. */
  readonly date: string
  readonly ageDays: number
}

export type Interval = {
  readonly low: number
  readonly high: number
  readonly level: number
  readonly method: string
}
