import { isObject } from '../domain/json.ts'
import type { Policy } from '../policy/policy.ts'

/** How the policy spells a tag: by that spelling, and by the same in small letters. */
export type TagSpelling = ReadonlyMap<string, string>

/**
 * The tags that a policy speaks of. Names of headers have no case, so a tag that comes in one is found again under the
 * policy's spelling; without that a namespace of `tag:Customer` would hold everybody's answers.
 */
export function tagSpelling(policy: Policy): TagSpelling {
  const spelling = new Map<string, string>()
  const add = (name: string) => {
    const small = name.toLowerCase()
    if (!spelling.has(small)) spelling.set(small, name)
    spelling.set(name, name)
  }
  eachTag(policy, add)
  return spelling
}

/** Tags stand in namespaces as "tag:NAME", and in conditions as the keys of `tags`. */
function eachTag(value: unknown, add: (name: string) => void): void {
  if (typeof value === 'string' && value.startsWith('tag:')) add(value.slice('tag:'.length))
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    if (name === 'tags' && isObject(member)) for (const tag of Object.keys(member)) add(tag)
    eachTag(member, add)
  }
}
