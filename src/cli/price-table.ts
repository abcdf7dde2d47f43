import type { PriceListing } from '../prices/list-prices.ts'
import type { RateClass } from '../prices/rates.ts'
import type { TableColumn, TableValue } from '../report/table.ts'

export type PriceTable = {
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly TableValue[])[]
}

type Line = { readonly listing: PriceListing; readonly band: PriceListing['bands'][number] | null }
type Field = readonly [name: string, value: (line: Line) => TableValue]

const rate = (name: RateClass) => (line: Line) => {
  const usd = line.band?.usdPerMillion[name]
  return usd === undefined ? null : Number(usd)
}

/** Classes that few models have; in the table they go into the note. */
const rareClasses: readonly (readonly [RateClass, string])[] = [
  ['reasoning', 'reasoning'],
  ['inputAudio', 'audio in'],
  ['cacheReadAudio', 'cached audio'],
  ['outputAudio', 'audio out'],
  ['inputImage', 'image in'],
  ['cacheReadImage', 'cached image'],
  ['outputImage', 'image out'],
]

const listFields: readonly Field[] = [
  ['provider', ({ listing }) => listing.provider],
  ['model', ({ listing }) => listing.model],
  ['since', ({ listing }) => listing.since],
  ['above', ({ band }) => band?.above ?? null],
  ['input', rate('input')],
  ['read', rate('cacheRead')],
  ['write 5m', rate('cacheWrite5m')],
  ['write 1h', rate('cacheWrite1h')],
  ['output', rate('output')],
  ['note', (line) => noteOf(line)],
  ['source', ({ listing }) => (listing.source.startsWith('override') ? listing.source : null)],
]

/** For reading: one line per band, columns that nothing fills left out. */
export function priceTable(listings: readonly PriceListing[]): PriceTable {
  const table = tableOf(listFields, listings)
  const used = table.columns.map(
    (_, index) => index < alwaysShown || table.rows.some((row) => row[index] !== null),
  )
  const kept = <T>(cells: readonly T[]) => cells.filter((_, index) => used[index])
  return { columns: kept(table.columns), rows: table.rows.map(kept) }
}

/** Provider and model. */
const alwaysShown = 2

const dataFields: readonly Field[] = [
  ['provider', ({ listing }) => listing.provider],
  ['model', ({ listing }) => listing.model],
  ['since', ({ listing }) => listing.since],
  ['hours', ({ listing }) => listing.hours],
  ['above', ({ band }) => band?.above ?? null],
  ['input', rate('input')],
  ['cacheRead', rate('cacheRead')],
  ['cacheWrite5m', rate('cacheWrite5m')],
  ['cacheWrite1h', rate('cacheWrite1h')],
  ['output', rate('output')],
  ...rareClasses.map(([name]): Field => [name, rate(name)]),
  ['otherUnits', ({ listing }) => listing.otherUnits.join('; ') || null],
  ['modifiers', ({ listing }) => listing.modifiers.join('; ') || null],
  ['note', ({ listing }) => listing.note],
  ['source', ({ listing }) => listing.source],
]

/** For programs: every field, always in the same columns. */
export const priceData = (listings: readonly PriceListing[]): PriceTable =>
  tableOf(dataFields, listings)

function tableOf(fields: readonly Field[], listings: readonly PriceListing[]): PriceTable {
  const lines = listings.flatMap((listing): readonly Line[] =>
    listing.bands.length === 0
      ? [{ listing, band: null }]
      : listing.bands.map((band) => ({ listing, band })),
  )
  return {
    columns: fields.map(([name]) => ({ name })),
    rows: lines.map((line) => fields.map(([, value]) => value(line))),
  }
}

function noteOf({ listing, band }: Line): string | null {
  const rare = rareClasses.flatMap(([name, words]) => {
    const usd = band?.usdPerMillion[name]
    return usd === undefined ? [] : [`${words} ${usd}`]
  })
  const hours = listing.hours === null ? [] : [`${listing.hours} UTC`]
  const note = listing.note === null ? [] : [listing.note]
  return [...note, ...hours, ...rare, ...listing.otherUnits].join(', ') || null
}
