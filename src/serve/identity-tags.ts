import { type Json, type JsonObject, textOf } from '../domain/json.ts'
import { contextFields } from '../ingest/identity.ts'
import { boundedText } from './header-text.ts'
import type { TagSpelling } from './tag-spelling.ts'

/** OpenAI's own metadata has room for 16. */
const mostTags = 32
const longestTagName = 64

/** Tags that are called so, then what no field claims of other objects, the more trusted first; as the policy spells them. */
export function tagsFrom(
  tags: JsonObject,
  objects: readonly JsonObject[],
  spelling: TagSpelling,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const name in tags) add(found, name, tags[name], spelling)
  for (const object of objects)
    for (const name in object)
      if (!contextFields.has(name)) add(found, name, object[name], spelling)
  return found
}

function add(
  found: Map<string, string>,
  name: string,
  value: Json | undefined,
  spelling: TagSpelling,
): void {
  const told = typeof value === 'boolean' ? String(value) : textOf(value)
  const text = told === undefined || found.size >= mostTags ? undefined : boundedText(told)
  const tag = text === undefined ? undefined : boundedText(name, longestTagName)
  if (text === undefined || tag === undefined) return
  const spelled = spelling.get(tag) ?? spelling.get(tag.toLowerCase()) ?? tag
  if (!found.has(spelled)) found.set(spelled, text)
}
