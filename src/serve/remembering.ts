/** Programs spell the same few names again and again; made-up ones are not to fill the memory. */
const mostNames = 2000
const longestName = 64

/** The same function, which remembers what it has found out about the first names it was asked for. */
export function remembering<Found>(find: (name: string) => Found): (name: string) => Found {
  const known = new Map<string, Found>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const found = find(name)
    if (known.size < mostNames && name.length <= longestName) known.set(name, found)
    return found
  }
}
