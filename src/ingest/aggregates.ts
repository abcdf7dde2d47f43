import type { Json } from '../domain/json.ts'
import type { Request } from '../domain/request.ts'
import type { ShownWords } from './shown-words.ts'

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

/** An aggregate as it is stored, its words shown as names are. */
export const aggregateJson = (request: Request, shown: ShownWords): string =>
  JSON.stringify(request, (_, value) =>
    value instanceof Map
      ? Object.fromEntries(value)
      : typeof value === 'string'
        ? shown.name(value)
        : value,
  )
