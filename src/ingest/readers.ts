import { canonical } from './formats/canonical.ts'
import { pairs } from './formats/pairs.ts'
import type { Reader } from './reader.ts'

/** Every format that can be read. Order breaks ties of recognition: the more specific first. */
export const readers: readonly Reader[] = [canonical, pairs]
