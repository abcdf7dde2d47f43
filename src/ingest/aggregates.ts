import type { Json } from '../domain/json.ts'

/**
 * Names the rows of a console's export, which have no ids: by their bucket and all dimensions, and the second row
 * alike gets "#2", for both count. Reading the file again gives the same names.
 */
export function rowNames(): (dimensions: readonly (Json | undefined)[]) => string {
  const seen = new Map<string, number>()
  return (dimensions) => {
    const name = dimensions.map((value) => value ?? '').join('|')
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return count === 1 ? name : `${name}#${count}`
  }
}
