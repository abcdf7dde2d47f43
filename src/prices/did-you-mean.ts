/** The known word a mistyped one most likely means, or null when nothing is near enough to say. */
export function didYouMean(word: string, known: Iterable<string>): string | null {
  return nearestWords(word, known, 1)[0] ?? null
}

/**
 * The known words within a third of the word's length in edits, nearest first, then by the
 * alphabet.
 */
export function nearestWords(
  word: string,
  known: Iterable<string>,
  limit: number,
): readonly string[] {
  const wanted = word.toLowerCase()
  const most = Math.max(1, Math.floor(wanted.length / 3))
  const near: { readonly text: string; readonly distance: number }[] = []
  for (const text of new Set(known)) {
    const distance = editDistance(wanted, text.toLowerCase(), most)
    if (distance <= most) near.push({ text, distance })
  }
  near.sort((a, b) => a.distance - b.distance || (a.text < b.text ? -1 : 1))
  return near.slice(0, limit).map(({ text }) => text)
}

/**
 * Edits between two words, neighbouring letters swapped being one; more than `most` where it
 * exceeds that.
 */
export function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1
  let before: readonly number[] = []
  let previous: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = nextRow(a, b, i, previous, before)
    if (Math.min(...row) > most) return most + 1
    before = previous
    previous = row
  }
  return previous[b.length] ?? 0
}

/** Row i of the table of distances between the beginnings of two words. */
function nextRow(
  a: string,
  b: string,
  i: number,
  previous: readonly number[],
  before: readonly number[],
): readonly number[] {
  const row = [i]
  for (let j = 1; j <= b.length; j++) {
    const changed = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
    const edited = Math.min(changed, at(previous, j) + 1, at(row, j - 1) + 1)
    const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
    row.push(isSwap ? Math.min(edited, at(before, j - 2) + 1) : edited)
  }
  return row
}

const at = (row: readonly number[], index: number): number => row[index] ?? 0
