import type { Comparison, ShadowNote } from '../domain/comparison.ts'
import { isObject, type Json, type JsonObject, listOf } from '../domain/json.ts'

/** The comparison that a note of the shadow holds; null: it holds none, or none yet. */
export function comparisonOf(note: ShadowNote): Comparison | null {
  if (note.kind !== 'hit') return null
  const { ageMs: _, verdict, ...hit } = note
  return verdict === null ? null : { ...hit, verdict }
}

/** What a record of the journal holds of comparisons, in the order in which they were made. */
export function comparisonsIn(record: JsonObject): readonly Comparison[] {
  const ofShadow = listOf(record['shadow'])
    .filter(isNote)
    .flatMap((note) => comparisonOf(note as unknown as ShadowNote) ?? [])
  const { audit } = record
  return isNote(audit) ? [...ofShadow, audit as unknown as Comparison] : ofShadow
}

const isNote = (value: Json | undefined): value is JsonObject =>
  isObject(value) &&
  ((value['kind'] === 'hit' && typeof value['similarity'] === 'number') ||
    (value['kind'] === 'route' && typeof value['group'] === 'string') ||
    (value['kind'] === 'route' && typeof value['route'] === 'string'))
