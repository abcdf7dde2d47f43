import { isObject, type Json, parsedOf } from '../domain/json.ts'

const closingMarks = new Set('.!"\'”’ ')

/** A text without what case, spacing, compatible Unicode forms and closing marks add to it. */
export function normalised(text: string): string {
  const plain = text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()
  let end = plain.length
  while (end > 0 && closingMarks.has(plain[end - 1] as string)) end--
  return plain.slice(0, end)
}

/** Whether both texts are the same JSON list or object; other values are plain text here. */
export function sameJson(a: string, b: string): boolean {
  const left = parsedOf(bareJson(a)) as Json | undefined
  return left !== undefined && sameValue(left, parsedOf(bareJson(b)) as Json | undefined)
}

/** JSON by itself, or as the only block of a Markdown text, without the fence. */
export function bareJson(text: string): string {
  const trimmed = text.trim()
  const fenced = /^```(?:json)?\n/i.exec(trimmed) !== null && trimmed.endsWith('\n```')
  return fenced ? trimmed.slice(trimmed.indexOf('\n'), -3) : trimmed
}

/** Deeper values count as different: a log may hold any nesting, the stack not. */
const deepest = 200

/** Whether two JSON values are equal, whatever the order of their keys; numbers as doubles. */
export function sameValue(a: Json | undefined, b: Json | undefined, depth = 0): boolean {
  if (a === b) return true
  if (depth > deepest) return false
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((value, i) => sameValue(value, b[i], depth + 1))
    )
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key], depth + 1))
  )
}
