/**
 * Which questions of a history are similar, each with its own: numbers of questions and their cosines, the most similar
 * first. Only pairs of equal partition and at least `floor` alike are known.
 */
export type Neighbours = {
  readonly floor: number
  /** Questions without a vector meet no semantic cache. */
  hasVector(question: number): boolean
  /** Where the neighbours of a question begin and end in `others` and `similarities`. */
  readonly offsets: Uint32Array
  readonly others: Uint32Array
  readonly similarities: Float64Array
  /** The guard that speaks against serving one question's answer to the other, as a number of `guards`; 0: none. */
  readonly guarded: Uint8Array
  readonly guards: readonly (string | null)[]
}
