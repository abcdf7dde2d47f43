/** No API asks for as many; what reads a body goes down level by level, on a stack that has an end. */
export const mostLevels = 500

/**
 * Whether lists and objects stand in one another more than `mostLevels` deep in a JSON text; `value` is what it says, and
 * is gone through only where the text has as many brackets in all.
 */
export const isTooDeep = (bytes: Buffer, value: unknown): boolean =>
  hasMoreBrackets(bytes, mostLevels) && isDeeper(value, mostLevels)

/** Whether a text opens more than so many brackets, those in strings counted too. */
function hasMoreBrackets(bytes: Buffer, most: number): boolean {
  let count = 0
  for (const bracket of ['[', '{']) {
    const byte = bracket.charCodeAt(0)
    for (let at = bytes.indexOf(byte); at !== -1; at = bytes.indexOf(byte, at + 1))
      if (++count > most) return true
  }
  return false
}

/** Goes down all branches at once, a level at a time. */
function isDeeper(value: unknown, most: number): boolean {
  let level = [value].filter(isNested)
  for (let depth = 0; depth < most && level.length > 0; depth++) level = levelBelow(level)
  return level.length > 0
}

function levelBelow(level: readonly object[]): object[] {
  const below: object[] = []
  for (const each of level)
    for (const member of Array.isArray(each) ? each : Object.values(each))
      if (isNested(member)) below.push(member)
  return below
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null
