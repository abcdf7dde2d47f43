/** Counts the tokens of a text. */
export type TokenCounter = (text: string) => number

/**
 * Tokens of a text without a tokenizer: a quarter of its UTF-8 bytes. Measured against o200k: +5 %
 * on English, +13 % on code, -20 % on JSON, -3 % on Chinese, Japanese and Korean, where a quarter
 * of the characters is 66 % off.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken)
}

export const bytesPerToken = 4

/**
 * Loads the exact counter of OpenAI's o200k vocabulary (GPT-4o and later): 0.3 s and 69 MB, so only
 * when needed.
 */
export async function loadTokenCounter(): Promise<TokenCounter> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base')
  // Text that looks like a special token is text: a log must not be able to stop the count.
  const count = (text: string) => countTokens(text, { disallowedSpecial: new Set() })
  return (text) => countIn(text, count)
}

/**
 * A stretch with no space in it, or of spaces, costs the tokenizer its length squared: it is cut at
 * this length.
 */
const mostUnbroken = 2_000
const unbroken = new RegExp(`\\S{${mostUnbroken + 1},}|\\s{${mostUnbroken + 1},}`, 'g')

function countIn(text: string, count: TokenCounter): number {
  if (text.length <= mostUnbroken) return count(text)
  let tokens = 0
  let done = 0
  for (const match of text.matchAll(unbroken)) {
    tokens += count(text.slice(done, match.index)) + countPieces(match[0], count)
    done = match.index + match[0].length
  }
  return tokens + count(text.slice(done))
}

function countPieces(stretch: string, count: TokenCounter): number {
  let tokens = 0
  let start = 0
  while (start < stretch.length) {
    const end = endOfPiece(stretch, start + mostUnbroken)
    tokens += count(stretch.slice(start, end))
    start = end
  }
  return tokens
}

/** Never between the halves of a surrogate pair. */
function endOfPiece(text: string, end: number): number {
  const isHalf = /[\uDC00-\uDFFF]/.test(text.charAt(end))
  return isHalf ? end + 1 : end
}
