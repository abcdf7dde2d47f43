import type { Profile } from './row.ts'
import { isProfileField } from './selection.ts'

/** A field of a profile, or one of its tags by `tag:NAME`; null where it has none. */
export function profileValue(profile: Profile, field: string): string | null {
  if (field.startsWith('tag:')) {
    if (profile.tags === null) return null
    const tags = JSON.parse(profile.tags) as readonly (readonly [string, string])[]
    return tags.find(([name]) => name === field.slice(4))?.[1] ?? null
  }
  return isProfileField(field) ? profile[field] : null
}
