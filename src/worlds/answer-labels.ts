import { isTagField, profileValue, tagValue } from '../domain/profile-value.ts'
import { flag, type Profile } from '../domain/row.ts'
import { isProfileField } from '../domain/selection.ts'
import { UserError } from '../domain/user-error.ts'
import type { History } from './history.ts'

/**
 * The history with the values of a field as its answer labels: a field of the request such as `task`, or a tag by its
 * name. Requests without it have no label. Throws a UserError where none has it.
 */
export function withAnswerLabels(history: History, field: string): History {
  const isField = isTagField(field) || (isProfileField(field) && field !== 'tags')
  const valueAt = fieldReader(history, isField ? field : `tag:${field}`)
  const numbers = new Map<string, number>()
  const label = new Int32Array(history.count).fill(-1)
  for (let place = 0; place < history.count; place++) {
    const value = valueAt(place)
    if (value === null) continue
    const number = numbers.get(value) ?? numbers.size
    numbers.set(value, number)
    label[place] = number
  }
  if (numbers.size === 0) throw noLabels(history, field)
  return { ...history, label, labels: [...numbers.keys()] }
}

function fieldReader(
  { profiles, columns, seq, lookup }: History,
  field: string,
): (place: number) => string | null {
  const byProfile = profiles.map((profile) => profileValue(profile, field))
  return (place) => {
    const isOwn = isTagField(field) && ((columns.flags[place] as number) & flag.ownTags) !== 0
    if (isOwn) return tagValue(lookup.extraOf(seq[place] as number)['tags'], field)
    return byProfile[columns.profile[place] as number] ?? null
  }
}

function noLabels({ count, columns, profiles }: History, field: string): UserError {
  if (count === 0)
    return new UserError('there are no requests to label', {
      hint: 'name logs that hold requests, or leave out --answer-label',
    })
  const used = new Set(columns.profile)
  const names = new Set(
    [...used].flatMap((number) => tagNames(profiles[number] as Profile)).slice(0, shownNames),
  )
  const tags = names.size === 0 ? '' : `tags here: ${[...names].join(', ')}; `
  return new UserError(`no request has the field "${field}" of --answer-label`, {
    hint: `${tags}of a field in the records themselves give the path, and name the log files: --answer-label a.b logs.jsonl`,
  })
}

const shownNames = 20

const tagNames = ({ tags }: Profile): readonly string[] =>
  tags === null ? [] : (JSON.parse(tags) as readonly [string, string][]).map(([name]) => name)
