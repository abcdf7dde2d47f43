import { sha256 } from './sha256.ts'

/**
 * The permanent uniform number in [0, 1) of a request: the first 48 bits of SHA-256 over seed and
 * id. Whatever the threshold, and however often the log is read, a request keeps it. A sample are those below a share: a
 * larger one only adds requests, so labels already given stay in it.
 */
export function labelNumber(seed: string, id: string): number {
  const digest = sha256(`${seed}\u0000${id}`)
  return digest.readUIntBE(0, 6) / 2 ** 48
}
