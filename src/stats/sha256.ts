import * as crypto from 'node:crypto'

type OneShot = (name: string, text: string, encoding: 'buffer') => Buffer

/** Since Node 20.12; it makes no object that only a full garbage collection would take away. */
const oneShot = (crypto as unknown as { readonly hash?: OneShot }).hash

/** The SHA-256 of a text in UTF-8, 32 bytes. */
export const sha256: (text: string) => Buffer =
  oneShot === undefined
    ? (text) => crypto.createHash('sha256').update(text).digest()
    : (text) => oneShot('sha256', text, 'buffer')
