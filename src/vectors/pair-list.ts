/** Neighbours row by row: those of row i stand at offsets[i] until offsets[i + 1]. */
export type NeighbourRows = {
  /** One more than there are rows. */
  readonly offsets: Uint32Array
  /** Earlier rows, ascending within a row. */
  readonly neighbours: Uint32Array
  /** Their cosines. */
  readonly similarities: Float64Array
}

type Chunk = {
  readonly later: Uint32Array
  readonly earlier: Uint32Array
  readonly similarity: Float64Array
}

const chunkLength = 65_536

/** Pairs of rows in any order, each once; grows without ever copying what it has. */
export class PairList {
  #length = 0
  readonly #chunks: Chunk[] = []
  #last: Chunk | undefined

  get length(): number {
    return this.#length
  }

  add(later: number, earlier: number, similarity: number): void {
    const at = this.#length % chunkLength
    if (at === 0) {
      this.#last = {
        later: new Uint32Array(chunkLength),
        earlier: new Uint32Array(chunkLength),
        similarity: new Float64Array(chunkLength),
      }
      this.#chunks.push(this.#last)
    }
    const chunk = this.#last as Chunk
    chunk.later[at] = later
    chunk.earlier[at] = earlier
    chunk.similarity[at] = similarity
    this.#length++
  }

  /** Sorts the pairs into rows, and forgets them. */
  toRows(rowCount: number): NeighbourRows {
    // Filled in the order of the earlier row, each row of the second pass is sorted by it.
    const byEarlier = rowsOf(rowCount, (visit) =>
      this.#each((later, earlier, similarity) => visit(earlier, later, similarity)),
    )
    this.#chunks.length = 0
    this.#length = 0
    return rowsOf(rowCount, (visit) =>
      eachOf(byEarlier, (earlier, later, similarity) => visit(later, earlier, similarity)),
    )
  }

  #each(visit: Visit): void {
    for (const [n, chunk] of this.#chunks.entries()) {
      const end = Math.min(chunkLength, this.#length - n * chunkLength)
      for (let k = 0; k < end; k++)
        visit(chunk.later[k] as number, chunk.earlier[k] as number, chunk.similarity[k] as number)
    }
  }
}

type Visit = (row: number, neighbour: number, similarity: number) => void

/** Rows from entries in any order; each row keeps the order of its entries. */
function rowsOf(rowCount: number, each: (visit: Visit) => void): NeighbourRows {
  const offsets = new Uint32Array(rowCount + 1)
  each((row) => {
    offsets[row + 1] = (offsets[row + 1] as number) + 1
  })
  for (let row = 0; row < rowCount; row++)
    offsets[row + 1] = (offsets[row + 1] as number) + (offsets[row] as number)
  const length = offsets[rowCount] as number
  const neighbours = new Uint32Array(length)
  const similarities = new Float64Array(length)
  const next = offsets.slice()
  each((row, neighbour, similarity) => {
    const at = next[row] as number
    next[row] = at + 1
    neighbours[at] = neighbour
    similarities[at] = similarity
  })
  return { offsets, neighbours, similarities }
}

function eachOf({ offsets, neighbours, similarities }: NeighbourRows, visit: Visit): void {
  for (let row = 0; row + 1 < offsets.length; row++)
    for (let at = offsets[row] as number; at < (offsets[row + 1] as number); at++)
      visit(row, neighbours[at] as number, similarities[at] as number)
}
