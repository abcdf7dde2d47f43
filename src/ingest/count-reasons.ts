/** Words of a log that are kept apart as reasons; any more of them are one. */
const reasonLimit = 100
const reasonWord = /^[a-z][\w -]{0,39}$/i

/** Counts one more record under a reason, which some logs word themselves. */
export function count(counts: Record<string, number>, reason: string): void {
  const isKnown = Object.hasOwn(counts, reason)
  const isNew = !isKnown && reasonWord.test(reason) && Object.keys(counts).length < reasonLimit
  const word = isKnown || isNew ? reason : 'other'
  counts[word] = (Object.hasOwn(counts, word) ? (counts[word] ?? 0) : 0) + 1
}
