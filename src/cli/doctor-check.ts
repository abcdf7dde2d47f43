/** One thing that was looked at. */
export type Check = {
  readonly name: string
  readonly status: 'ok' | 'warn'
  readonly value: string
  /** What to do about it, where there is something to do. */
  readonly advice: string | null
}

export const ok = (name: string, value: string, advice: string | null = null): Check => ({
  name,
  status: 'ok',
  value,
  advice,
})

export const warn = (name: string, value: string, advice: string): Check => ({
  name,
  status: 'warn',
  value,
  advice,
})
