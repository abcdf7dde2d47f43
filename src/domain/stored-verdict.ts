/** What somebody said of a served answer, under the keys of the answer served and of the one really given. */
export type StoredVerdict = {
  readonly servedHash: string
  readonly ownHash: string
  readonly kind: 'human' | 'judge'
  /** Who said so: a person's name, or a judge's model. */
  readonly by: string
  /** Unsettled: was asked and could not tell. */
  readonly verdict: 'right' | 'wrong' | 'unsettled'
  /** The pair was picked for what it would tell, not drawn: it helps to tune and never certifies. */
  readonly exploratory: boolean
}

/** Looks up what was said of a pair of answers. */
export type VerdictLookup = {
  readonly isEmpty: boolean
  /**
   * The surest word on a pair: a person's before a judge's, on a drawn pair before on one that was picked, and where they
   * disagree the worst. Null where nobody was asked.
   */
  lookup(servedHash: string, ownHash: string): StoredVerdict | null
}
