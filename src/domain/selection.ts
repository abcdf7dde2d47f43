import { type ProfileField, profileFields } from './row.ts'

/** Which of the stored requests a report is about. */
export type Selection = {
  /** Numbers of files, or null for the whole store. */
  readonly files: readonly number[] | null
  /** Milliseconds since 1970, inclusive and exclusive. Undated requests pass only where neither is given. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** All must hold. */
  readonly where: readonly Condition[]
}

export type Condition = { readonly field: string; readonly value: string }

export type KeyField = 'user' | 'session' | 'trace'
export const keyFields: readonly KeyField[] = ['user', 'session', 'trace']
export const timeFields = ['hour', 'day', 'week', 'month'] as const

/** Every field that can be filtered by; `tag:NAME` besides. */
export const filterFields: readonly string[] = [
  ...profileFields.filter((field) => field !== 'tags'),
  ...keyFields,
]

export const isProfileField = (field: string): field is ProfileField =>
  (profileFields as readonly string[]).includes(field)
export const isKeyField = (field: string): field is KeyField =>
  (keyFields as readonly string[]).includes(field)
