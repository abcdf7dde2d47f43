/** Whether a text is meant. */
export type TextTest = (text: string) => boolean

/** Equal to one of the names, letter by letter; `*` stands for any characters. */
export function nameMatcher(names: readonly string[]): TextTest {
  const plain = new Set(names.filter((name) => !name.includes('*')))
  const patterns = names.filter((name) => name.includes('*')).map((name) => name.split('*'))
  if (patterns.length === 0) return (text) => plain.has(text)
  return (text) => plain.has(text) || patterns.some((pieces) => holdsInOrder(text, pieces))
}

/**
 * The pieces between the stars, one after the other: the first at the start, the last at the end.
 * Leftmost finds suffice, so that no pattern takes longer than the text is long.
 */
function holdsInOrder(text: string, pieces: readonly string[]): boolean {
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  if (text.length < first.length + last.length) return false
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let from = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, from)
    if (found < 0 || found + piece.length > end) return false
    from = found + piece.length
  }
  return true
}
