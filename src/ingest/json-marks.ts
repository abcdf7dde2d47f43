export type JsonMark = {
  readonly char: '{' | '}' | '[' | ']' | ',' | ':' | '"'
  readonly index: number
  /** Behind the mark; of a string behind its closing quote. */
  readonly end: number
  /** False for a string that the text ends in. */
  readonly closed: boolean
}

/** The brackets, commas, colons and whole strings of a JSON text, whether or not it is cut off. */
export function* jsonMarks(text: string): Generator<JsonMark> {
  const mark = /["{}[\],:]/g
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    const char = found[0] as JsonMark['char']
    const { index } = found
    const quote = char === '"' ? closingQuote(text, index) : index
    const end = Math.min(text.length, quote + 1)
    yield { char, index, end, closed: quote < text.length }
    mark.lastIndex = end
  }
}

/** Where the string that starts here ends; the text's length where it does not. */
function closingQuote(text: string, start: number): number {
  let index = start + 1
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1
  return Math.min(index, text.length)
}
