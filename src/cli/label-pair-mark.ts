import { createHash } from 'node:crypto'

/** Enough to tell two pairs of one store apart. */
const digits = 16

/** Names a pair of answers; begins with a letter, so that no spreadsheet takes it for a number. */
export const pairMark = (servedHash: string, ownHash: string): string =>
  `p${createHash('sha256').update(`${servedHash} ${ownHash}`).digest('hex').slice(0, digits)}`
