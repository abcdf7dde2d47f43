import type { Terminal } from './terminal.ts'

/** Now in milliseconds; SOURCE_DATE_EPOCH pins it (reproducible-builds.org/specs/source-date-epoch). */
export function nowMs({ env }: Pick<Terminal, 'env'>): number {
  const pinned = Number(env['SOURCE_DATE_EPOCH'] || Number.NaN)
  return Number.isFinite(pinned) ? pinned * 1000 : Date.now()
}

export const isoNow = (terminal: Pick<Terminal, 'env'>): string =>
  new Date(nowMs(terminal)).toISOString()
