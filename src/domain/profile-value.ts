import type { Profile } from './row.ts'
import { isProfileField } from './selection.ts'

const tagPrefix = 'tag:'

export const isTagField = (field: string): boolean => field.startsWith(tagPrefix)

/** A field of a profile, or one of its tags by `tag:NAME`; null where it has none. */
export function profileValue(profile: Profile, field: string): string | null {
  if (isTagField(field)) return tagValue(profile.tags, field)
  return isProfileField(field) ? profile[field] : null
}

/** One tag of a list of names and values, as profiles and `extra.tags` hold it in JSON. */
export function tagValue(tagsJson: unknown, field: string): string | null {
  if (typeof tagsJson !== 'string') return null
  const tags = JSON.parse(tagsJson) as readonly (readonly [string, string])[]
  return tags.find(([name]) => name === field.slice(tagPrefix.length))?.[1] ?? null
}
