import { inTable, isObject, type Json } from '../domain/json.ts'

/** Values by the names that templates use. */
export type Vars = Readonly<Record<string, Json | undefined>>

/** A template that cannot be filled in, and why. */
export class TemplateError extends Error {}

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g

/**
 * A text with the values of its variables: {{name}}. Throws a TemplateError for a variable without a value, and for
 * whatever else templates of Nunjucks may say.
 */
export function fillIn(template: string, vars: Vars): string {
  if (/\{%|\{#/.test(template)) throw new TemplateError('only {{name}} is filled in, no {% … %}')
  return template.replace(placeholder, (whole, name: string) => {
    if (!/^[\w-]+$/.test(name)) throw new TemplateError(`only {{name}} is filled in, not ${whole}`)
    const value = inTable(vars, name)
    if (value == null) throw new TemplateError(`nothing is known of ${whole}`)
    return typeof value === 'string' ? value : JSON.stringify(value)
  })
}

/** The same in every text of a value. */
export function fillInAll(value: Json, vars: Vars): Json {
  if (typeof value === 'string') return fillIn(value, vars)
  if (Array.isArray(value)) return value.map((each: Json) => fillInAll(each, vars))
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([name, each]) => [name, fillInAll(each ?? null, vars)])
  return Object.fromEntries(entries) as Json
}
