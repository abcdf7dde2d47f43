import type * as z from 'zod'

/** Where something stands in the file, key by key. */
export type Path = readonly (string | number)[]

/** One thing that a user must mend. */
export type PolicyProblem = {
  /** `routes[1].ladder[0]`; empty for the file as a whole. */
  readonly path: string
  /** What stands there, as JSON; null where nothing does, or where it may be a secret. */
  readonly value: string | null
  /** From 1 on. */
  readonly line: number | null
  readonly message: string
  readonly hint: string | null
}

/** A problem before it has its line. */
export type Finding = {
  readonly path: Path
  readonly message: string
  readonly hint: string | null
  /** What to show in place of the value. */
  readonly shown?: string
}

/** "unknown model "gpt-4o-mimi"", "92 is no similarity", "`window` is missing". */
export function problemSentence({ path, value, message }: PolicyProblem): string {
  if (message.startsWith('unknown')) return `${message} ${value ?? ''}`.trimEnd()
  const key = path.split('.').at(-1)
  return `${value ?? (key ? `\`${key}\`` : 'the file')} ${message}`
}

/** The known word that a mistyped one most likely means; null when none is near. */
export type Nearest = (word: string, known: readonly string[]) => string | null

/** "routes[1].ladder[0]". */
export function formatPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`
    else text += `[${JSON.stringify(part)}]`
  }
  return text
}

/** What stands at a path of the parsed file; undefined for nothing. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Readonly<Record<string | number, unknown>>)[part]
  }
  return value
}

/** The findings behind the issues of a schema, in the order of the file. */
export function findingsOf(
  issues: readonly z.core.$ZodIssue[],
  root: unknown,
  nearest: Nearest,
): readonly Finding[] {
  return issues.flatMap((issue) => findings(issue, [], { root, nearest }))
}

type Context = { readonly root: unknown; readonly nearest: Nearest }

function findings(issue: z.core.$ZodIssue, at: Path, context: Context): readonly Finding[] {
  const path = [...at, ...(issue.path as Path)]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey([...path, key], key, issue.message, context))
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const inner = nearestBranch(issue.errors)
    if (inner !== null) return inner.flatMap((each) => findings(each, path, context))
  }
  return [{ path, ...sentenceOf(issue, valueAt(context.root, path), context) }]
}

function unknownKey(path: Path, key: string, known: string, { nearest }: Context): Finding {
  const keys = known.split(' ')
  const near = nearest(key, keys)
  return {
    path,
    message: 'unknown key',
    shown: JSON.stringify(key),
    hint: near === null ? `keys here: ${keys.join(', ')}` : `did you mean "${near}"?`,
  }
}

type Issues = readonly z.core.$ZodIssue[]

/** The form that was meant: the one whose problems lie inside it. Null where no form fits at all. */
function nearestBranch(branches: readonly Issues[]): Issues | null {
  const within = branches.filter((branch) => !branch.some(isWrongForm))
  return within.toSorted((a, b) => a.length - b.length)[0] ?? null
}

function isWrongForm(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false
  if (issue.code === 'invalid_union') return nearestBranch(issue.errors) === null
  return ['invalid_type', 'invalid_value', 'invalid_format'].includes(issue.code)
}

type Sentence = Pick<Finding, 'message' | 'hint'>

function sentenceOf(issue: z.core.$ZodIssue, value: unknown, { nearest }: Context): Sentence {
  if (issue.code === 'custom') return { message: issue.message, hint: hintOf(issue.params) }
  const forms = [...new Set(formsOf(issue))]
  if (value === undefined) return { message: 'is missing', hint: `it should be ${orList(forms)}` }
  if (forms.length === 0) return { message: plainMessage(issue), hint: null }
  const words = forms.filter((form) => !form.includes(' '))
  const near = typeof value === 'string' ? nearest(value, words) : null
  return {
    message: `should be ${orList(forms)}`,
    hint: near === null ? null : `did you mean "${near}"?`,
  }
}

const hintOf = (params: Readonly<Record<string, unknown>> | undefined): string | null =>
  typeof params?.['hint'] === 'string' ? params['hint'] : null

const typeNames: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  string: 'some text',
  number: 'a number',
  int: 'a whole number',
}

/** What could stand there: types, words, and forms of text, which say so in their message. */
function formsOf(issue: z.core.$ZodIssue): readonly string[] {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'boolean') return ['true', 'false']
      return [typeNames[issue.expected] ?? issue.expected]
    case 'invalid_value':
      return issue.values.map(String)
    case 'invalid_format':
      return [issue.message]
    case 'invalid_union':
      return issue.errors.length > 0
        ? issue.errors.flatMap((branch) => branch.flatMap(formsOf))
        : ('options' in issue ? (issue.options as readonly unknown[]) : []).map(String)
    default:
      return []
  }
}

/** What remains are bounds. */
function plainMessage(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'number'
        ? `should be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
        : 'should not be empty'
    case 'too_big':
      return `should be at most ${issue.maximum}`
    default:
      return issue.message
  }
}

function orList(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? 'something else'
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
