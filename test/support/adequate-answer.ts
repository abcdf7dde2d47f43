const minCharacters = 50
const hedgedBelowCharacters = 200
const hedge = /\bI(?:['’]|\s+a)m\s+not\s+sure\b/i

/**
 * What the `cascade` preset calls adequate, by a pattern of its own: at least 50 characters, and not a hedge ("I'm not
 * sure") under 200. White space around the answer does not count.
 */
export function isAdequate(answer: string): boolean {
  const { length } = answer.trim()
  if (length < minCharacters) return false
  return length >= hedgedBelowCharacters || !hedge.test(answer)
}
