import type { Cell } from './row.ts'

/**
 * Rows of cells in few large pieces: numbers in one buffer (NaN for null), texts in one list, both row by row. A
 * million of them cross a thread, and short-lived arrays of cells would burden the garbage collector on both sides.
 */
export type PackedRows = {
  readonly count: number
  readonly numbers: Float64Array
  readonly texts: readonly (string | null)[]
}

/** Which cells of a row are text, in order. */
export type RowShape = readonly boolean[]

export const shapeOf = (fields: readonly string[], textFields: ReadonlySet<string>): RowShape =>
  fields.map((field) => textFields.has(field))

const firstCapacity = 1024

/** Packs rows of one shape as they come. */
export class RowPacker {
  readonly #shape: RowShape
  #numbers = new Float64Array(firstCapacity)
  #texts: (string | null)[] = []
  #next = 0
  #count = 0

  constructor(shape: RowShape) {
    this.#shape = shape
  }

  get count(): number {
    return this.#count
  }

  add(cells: readonly Cell[]): void {
    const { length } = this.#shape
    if (this.#next + length > this.#numbers.length) this.#grow()
    for (let field = 0; field < length; field++) {
      const cell = cells[field] as Cell
      if (this.#shape[field] === true) this.#texts.push(cell as string | null)
      else this.#numbers[this.#next++] = cell === null ? Number.NaN : (cell as number)
    }
    this.#count++
  }

  /** The rows so far; the packer starts anew. */
  take(): PackedRows {
    const rows = {
      count: this.#count,
      numbers: this.#numbers.slice(0, this.#next),
      texts: this.#texts,
    }
    this.#texts = []
    this.#next = 0
    this.#count = 0
    return rows
  }

  #grow(): void {
    const grown = new Float64Array(this.#numbers.length * 2)
    grown.set(this.#numbers)
    this.#numbers = grown
  }
}

/** Calls back with the cells of each row, in one array that is used again for the next. */
export function eachRow(rows: PackedRows, shape: RowShape, take: (cells: Cell[]) => void): void {
  const cells: Cell[] = new Array(shape.length).fill(null)
  let number = 0
  let text = 0
  for (let row = 0; row < rows.count; row++) {
    for (let field = 0; field < shape.length; field++) {
      if (shape[field] === true) cells[field] = rows.texts[text++] ?? null
      else {
        const value = rows.numbers[number++] as number
        cells[field] = Number.isNaN(value) ? null : value
      }
    }
    take(cells)
  }
}

/** Changes one column of numbers in place; absent cells stay absent. */
export function changeNumbers(
  rows: PackedRows,
  shape: RowShape,
  field: number,
  change: (value: number) => number,
): void {
  const isNumber = (_: boolean, index: number): boolean => shape[index] === false
  const width = shape.filter(isNumber).length
  const first = shape.slice(0, field).filter(isNumber).length
  for (let place = first; place < rows.numbers.length; place += width)
    rows.numbers[place] = change(rows.numbers[place] as number)
}
