const beyondAscii = /[^ -~\n\r\t]/
const diacritics = /[\u0300-\u036f]+/g
/** The point between single letters: "U.S." is "US". */
const initialsPoint = /(?<![\p{L}\p{N}])(\p{L})\.(?=\p{L}(?![\p{L}\p{N}]))/gu

/**
 * Text in one spelling, its case kept: compatibility forms and accents taken apart and dropped (as
 * the built-in embedder does), one kind of apostrophe, no points in initials.
 */
export function plainText(text: string): string {
  const folded = beyondAscii.test(text)
    ? text.normalize('NFKD').replace(diacritics, '').replace(/[‘’ʼ]/g, "'")
    : text
  return folded.includes('.') ? folded.replace(initialsPoint, '$1') : folded
}

/** Letters and digits, with what tells C, C# and C++ apart. */
const word = /[\p{L}\p{N}\p{M}]+[+#]*/gu

/** Said or left out, and anywhere, without changing the question. */
const courtesies: ReadonlySet<string> = new Set(
  'please pls plz kindly thanks hi hello hey'.split(' '),
)

/** The words of a text in order and in lower case, without punctuation and courtesies. */
export const wordsOf = (text: string): readonly string[] =>
  (text.match(word) ?? []).map((one) => one.toLowerCase()).filter((one) => !courtesies.has(one))
