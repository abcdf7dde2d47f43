import type { Embedder, LoggedVectors } from '../domain/embedder.ts'
import { zeroNanoUsd } from '../domain/money.ts'
import { inProcess } from './static-embedder.ts'

/** Vectors that came with the log, by the question they were logged with. Other texts have none. */
export const openLoggedEmbedder = (logged: LoggedVectors): Embedder => ({
  name: 'logged',
  fingerprint: logged.fingerprint,
  dimensions: logged.dimensions,
  limits: inProcess,
  isWorthStoring: false,
  embed: async (texts) => ({ vectors: texts.map((text) => logged.ofText(text)), tokens: 0 }),
  costOf: () => zeroNanoUsd,
})
