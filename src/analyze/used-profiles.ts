import type { RequestSource } from '../domain/columns.ts'
import type { Profile } from '../domain/row.ts'

/** A source with holes in place of profiles that none of its requests has: a store also holds those of other logs. */
export function withUsedProfiles(source: RequestSource): RequestSource {
  const profiles: Profile[] = []
  profiles.length = source.profiles.length
  for (const { length, profile } of source.segments(['profile'])) {
    for (let row = 0; row < length; row++) {
      const number = profile[row] as number
      profiles[number] = source.profiles[number] as Profile
    }
  }
  return { ...source, profiles }
}
