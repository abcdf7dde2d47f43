/** What the engine needs of a stored request beside its columns. */
export type StoredKeys = {
  readonly seq: number
  /** Of operation, requested model, parameters and document version; null where the log holds no prompt. */
  readonly partition: string | null
  /** Of the answer as it was given; null where the log has none. */
  readonly answerKey: string | null
  /** A class or id of the answer, which decides by itself whether two answers are the same. */
  readonly answerLabel: string | null
  /** How many choices were asked for; null: one. */
  readonly choices: number | null
}

/** What a store tells of all its requests, beside columns and look-ups. */
export type HistorySource = {
  keys(): Iterable<StoredKeys>
  /** How many links end in each prompt, tools and all, by the number of the prompt's last link. */
  chainLengths(): ReadonlyMap<number, number>
}
