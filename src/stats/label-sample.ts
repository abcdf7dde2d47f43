import { createHash } from 'node:crypto'

/** What makes one label sample: the seed, and the share of requests in it. */
export type LabelSample = { readonly seed: string; readonly share: number }

/**
 * The permanent uniform number in [0, 1) of a request: the first 48 bits of SHA-256 over seed and
 * id. Whatever the threshold, and however often the log is read, a request keeps it.
 */
export function labelNumber(seed: string, id: string): number {
  const digest = createHash('sha256').update(`${seed}\u0000${id}`).digest()
  return digest.readUIntBE(0, 6) / 2 ** 48
}

/**
 * Whether a request's hits are labelled for certification. A larger share only adds requests, so
 * labels already given stay in the sample.
 */
export const inLabelSample = ({ seed, share }: LabelSample, id: string): boolean =>
  labelNumber(seed, id) < share
