import * as z from 'zod'
import { UserError } from '../domain/user-error.ts'

const mapFile = z.strictObject({
  map: z.record(z.string(), z.string()).optional(),
  set: z.record(z.string(), z.coerce.string()).optional(),
  atBase: z.string().optional(),
})

export type MapFile = z.infer<typeof mapFile>

/** A mapping kept in a file, already parsed: `map:`, `set:` and `atBase:` as the flags have them. */
export function readMapFile(value: unknown, path: string): MapFile {
  const result = mapFile.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new UserError(`${path}: ${issue?.message ?? 'not a mapping'}`, {
    at: issue?.path.join('.') || path,
    hint: 'it holds `map:` (FIELD: path), `set:` (FIELD: value) and `atBase:`',
  })
}
