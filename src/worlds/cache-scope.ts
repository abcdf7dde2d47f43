import type { EntryFacts } from '../domain/cached-entry.ts'
import type { RequestId } from '../domain/receipt.ts'
import { UserError } from '../domain/user-error.ts'
import { namespaceFieldOf } from '../engine/cache-terms.ts'
import { type NamespaceField, namespaceFields } from '../policy/caching.ts'
import { nameMatcher } from '../policy/name-matcher.ts'

/** Which entries of a live cache are meant. */
export type CacheScope =
  | { readonly kind: 'all' }
  /** Those that hold the answer of a request. */
  | { readonly kind: 'request'; readonly id: RequestId }
  /** As the list of entries has it. */
  | { readonly kind: 'namespace'; readonly namespace: string }
  /** Left by requests with this value: of a user, a feature, a tag, a document version. */
  | { readonly kind: 'field'; readonly field: NamespaceField; readonly value: string }
  /** `user:123:*`, see `readPattern`. */
  | { readonly kind: 'pattern'; readonly pattern: string }

/** What a scope looks at. */
export type Scoped = {
  readonly id: RequestId
  readonly namespace: string
  readonly facts: EntryFacts
}

/** Whether a name means a namespace: as JSON has it, or on one line, as tables show the fields of several. */
export const isNamed = (namespace: string, name: string): boolean =>
  namespace === name || onOneLine(namespace) === name

const onOneLine = (text: string): string =>
  text.replace(/[\t\n\v\f\r\u0085\p{Zl}\p{Zp}]+/gu, ' ').replace(/\p{Zs}/gu, ' ')

/** Makes a scope ready. Throws a `UserError` for a pattern that says nothing. */
export function compileScope(scope: CacheScope): (entry: Scoped) => boolean {
  switch (scope.kind) {
    case 'all':
      return () => true
    case 'request':
      return ({ id }) => String(id) === String(scope.id)
    case 'namespace':
      return ({ namespace }) => isNamed(namespace, scope.namespace)
    case 'field':
      return ({ facts }) => namespaceFieldOf(facts, scope.field) === scope.value
    case 'pattern': {
      const tests = readPattern(scope.pattern)
      return ({ facts }) =>
        tests.every(({ field, matches }) => matches(namespaceFieldOf(facts, field)))
    }
  }
}

type FieldTest = {
  readonly field: NamespaceField
  readonly matches: (value: string | undefined) => boolean
}

/**
 * Fields of requests with their values, one behind the other: `user:123`, `feature:chat:user:12*`, `tag:region:eu`. `*`
 * stands for any characters of a value, alone for any value, and at the end (`user:123:*`) for whatever else there is.
 */
function readPattern(pattern: string): readonly FieldTest[] {
  const words = pattern.split(':')
  const tests: FieldTest[] = []
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const isRest = word === '*' && words.length === 0 && tests.length > 0
    if (isRest) break
    const field = readField(word === 'tag' ? `tag:${words.shift() ?? ''}` : word, pattern)
    const value = words.shift() ?? ''
    if (value === '') throw badPattern(pattern, `"${field}" has no value`)
    const test = nameMatcher([value])
    tests.push({ field, matches: (text) => text !== undefined && test(text) })
  }
  return tests
}

function readField(word: string, pattern: string): NamespaceField {
  if (/^tag:./s.test(word)) return word as NamespaceField
  const field = namespaceFields.find((name) => name === word)
  if (field === undefined) throw badPattern(pattern, `"${word}" is no field`)
  return field
}

const badPattern = (pattern: string, reason: string): UserError =>
  new UserError(`the pattern "${pattern}" means no entries: ${reason}`, {
    hint: `write FIELD:VALUE, as in user:123:* or feature:chat; fields are ${namespaceFields.join(', ')} and tag:NAME, and * stands for any characters of a value`,
  })
