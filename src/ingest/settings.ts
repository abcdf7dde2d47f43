import type { ContentMode } from './ports.ts'

/** What decides how a file's records are read and kept. A file read under other settings is read again. */
export type Settings = {
  readonly inputFormat?: string
  readonly map?: Readonly<Record<string, string>>
  readonly set?: Readonly<Record<string, string>>
  readonly atBase?: string
  /** The time of records that have none, milliseconds. */
  readonly defaultAt?: number
  /** The column or dotted path of a record that labels its answer: kept as a tag of that name. */
  readonly answerLabel?: string
  readonly content: ContentMode
  readonly redact: boolean
}

export const defaultSettings: Settings = { content: 'full', redact: false }

/** Settings the user named this time; what is not named is left as the file was read before. */
export type AskedSettings = { readonly [Name in keyof Settings]?: Settings[Name] | undefined }

export function mergeSettings(asked: AskedSettings, known?: string): Settings {
  const before =
    known === undefined
      ? defaultSettings
      : { ...defaultSettings, ...(JSON.parse(known) as Settings) }
  const named = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
  return { ...before, ...named } as Settings
}

/** Settings as JSON with sorted keys, so that equal settings are equal text. */
export function settingsText(settings: Settings): string {
  return JSON.stringify(settings, (_, value: unknown) =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

/** True when two settings (as `settingsText` gives them) keep prompts and answers in other forms. */
export function keepsOtherText(before: string, after: string): boolean {
  const [a, b] = [before, after].map((text) => JSON.parse(text) as Settings)
  return a?.content !== b?.content || a?.redact !== b?.redact
}
