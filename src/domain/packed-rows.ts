import { type Cell, type RequestRow, requestFields } from './row.ts'

/** Fields that hold text; all others hold numbers. */
const textFields: ReadonlySet<string> = new Set([
  'id',
  'responseId',
  'user',
  'session',
  'trace',
  'exactKey',
  'questionKey',
  'promptTip',
  'answerKey',
  'systemKey',
  'historyKey',
  'stepKey',
  'extra',
])
const isText = requestFields.map((field) => textFields.has(field))
const numbersPerRow = isText.filter((text) => !text).length

/** Rows for the way between threads: numbers in one buffer (NaN for null), texts in one list. */
export type PackedRows = {
  readonly count: number
  readonly numbers: Float64Array
  readonly texts: readonly (string | null)[]
}

export function packRows(rows: readonly RequestRow[]): PackedRows {
  const numbers = new Float64Array(rows.length * numbersPerRow)
  const texts: (string | null)[] = []
  let next = 0
  for (const row of rows) {
    for (let field = 0; field < isText.length; field++) {
      const cell = row[field] as Cell
      if (isText[field] === true) texts.push(cell as string | null)
      else numbers[next++] = cell === null ? Number.NaN : (cell as number)
    }
  }
  return { count: rows.length, numbers, texts }
}

export function unpackRows({ count, numbers, texts }: PackedRows): readonly RequestRow[] {
  const rows: RequestRow[] = []
  let number = 0
  let text = 0
  for (let index = 0; index < count; index++) {
    const row: Cell[] = new Array(isText.length)
    for (let field = 0; field < isText.length; field++) {
      if (isText[field] === true) row[field] = texts[text++] ?? null
      else {
        const value = numbers[number++] as number
        row[field] = Number.isNaN(value) ? null : value
      }
    }
    rows.push(row)
  }
  return rows
}
