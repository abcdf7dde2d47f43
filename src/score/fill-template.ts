import { UserError } from '../domain/user-error.ts'

/** Fills the placeholders of a template, each with its text as a quotation. */
export type Template<Name extends string> = (texts: Readonly<Record<Name, string>>) => string

/**
 * A template made ready. Throws a UserError where one of `needed` is missing; braces around other words are left as they
 * are, and so is what the texts themselves hold in braces.
 */
export function compileTemplate<Needed extends string, Optional extends string = never>(
  template: string,
  needed: readonly Needed[],
  optional: readonly Optional[] = [],
): Template<Needed | Optional> {
  const missing = needed.filter((name) => !template.includes(`{${name}}`))
  if (missing.length > 0) {
    const placeholders = needed.map((name) => `{${name}}`)
    throw new UserError(`the judge's template has no {${missing.join('}, no {')}}`, {
      hint: `it needs ${placeholders.slice(0, -1).join(', ')} and ${placeholders.at(-1)}`,
    })
  }
  const known = [...needed, ...optional].join('|')
  const placeholder = new RegExp(`\\{(${known})\\}`, 'g')
  return (texts) =>
    template.replace(placeholder, (_, name: Needed | Optional) => quoted(texts[name]))
}

/** Every sign that some reader takes for the end of a line. */
const lineEnds = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/

/** A text whose every line begins with "| ": nothing in it can end the quotation. */
export const quoted = (text: string): string =>
  text
    .split(lineEnds)
    .map((line) => `| ${line}`)
    .join('\n')
