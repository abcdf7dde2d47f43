/** A vector that has no cosine: a component is not finite, or it has another length than the rest. */
export class VectorError extends Error {
  /** Its place among the vectors that were given; null where it was given alone. Its owner knows where it came from. */
  readonly row: number | null

  constructor(message: string, row: number | null = null) {
    super(row === null ? message : `vector ${row}: ${message}`)
    this.name = 'VectorError'
    this.row = row
  }
}

/** Refuses vectors of several lengths. */
export function requireLength(found: number, dimensions: number): void {
  if (found !== dimensions)
    throw new VectorError(`${found} components where the others have ${dimensions}`)
}
