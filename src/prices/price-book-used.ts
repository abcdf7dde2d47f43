import type { PriceBookUsed } from '../domain/report.ts'

const dayMs = 86_400_000

/** A price book as reports name it; `now` in milliseconds. A book of tomorrow is 0 days old. */
export const priceBookUsed = (
  { name, date }: { readonly name: string; readonly date: string },
  now: number,
): PriceBookUsed => ({
  name,
  date,
  ageDays: Math.max(0, Math.floor((now - Date.parse(date)) / dayMs)),
})
