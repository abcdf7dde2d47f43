/**
 * The value that a JSON text cut off in the middle begins, as far as it goes: open strings, lists and objects are
 * closed. Undefined where there is nothing to close, or what is there is no JSON.
 */
export function parseCutOff(text: string): unknown {
  const { closers, inString, isKey, last } = scan(text)
  if (closers === '' && !inString) return parsed(text)
  if (inString && !isKey) {
    const whole = parsed(`${withoutEscape(text)}"${closers}`)
    if (whole !== undefined) return whole
  }
  return last === null ? undefined : parsed(text.slice(0, last.end) + last.closers)
}

type Cut = { readonly end: number; readonly closers: string }

/** Where the text could end with what is open then, and what is open at its end. */
function scan(text: string) {
  const open: ('}' | ']')[] = []
  let inString = false
  let isKey = false
  let awaitsKey = false
  let last: { end: number; depth: number } | null = null
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (inString) {
      if (char === '\\') index++
      else if (char === '"') inString = false
    } else if (char === '"') {
      inString = true
      isKey = awaitsKey
    } else if (char === '{' || char === '[') {
      open.push(char === '{' ? '}' : ']')
      awaitsKey = char === '{'
      last = { end: index + 1, depth: open.length }
    } else if (char === '}' || char === ']') {
      open.pop()
      awaitsKey = false
      last = { end: index + 1, depth: open.length }
    } else if (char === ',') {
      awaitsKey = open[open.length - 1] === '}'
      last = { end: index, depth: open.length }
    } else if (char === ':') awaitsKey = false
  }
  const closersOf = (depth: number) => open.slice(0, depth).reverse().join('')
  const cut: Cut | null = last === null ? null : { end: last.end, closers: closersOf(last.depth) }
  return { closers: closersOf(open.length), inString, isKey, last: cut }
}

/** Without an escape sequence that was cut in two. */
const withoutEscape = (text: string): string =>
  text.replace(/(^|[^\\])((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?$/, '$1$2')

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
