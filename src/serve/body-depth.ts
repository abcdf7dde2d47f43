/** No API asks for as many; what reads a body goes down level by level, on a stack that has an end. */
export const mostLevels = 500

const quote = 0x22
const backslash = 0x5c

/** Whether lists and objects stand in one another more than `mostLevels` deep in a JSON text. */
export function isTooDeep(bytes: Buffer): boolean {
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) at = endOfString(bytes, at)
    else if (byte === 0x5b || byte === 0x7b) depth++
    else if (byte === 0x5d || byte === 0x7d) depth--
    if (depth > mostLevels) return true
  }
  return false
}

/** Of the quote that ends a string; the length of all where none does. */
function endOfString(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(quote, start + 1); end !== -1; end = bytes.indexOf(quote, end + 1)) {
    let slashes = 0
    while (bytes[end - 1 - slashes] === backslash) slashes++
    if (slashes % 2 === 0) return end
  }
  return bytes.length
}
