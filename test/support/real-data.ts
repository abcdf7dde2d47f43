import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

const folder =
  process.env['LLMCOST_REAL_DATA'] || resolve(import.meta.dirname, '../../../shared/data')

/** Where real logs with known answers lie on some machines; tests on them skip themselves elsewhere. */
export const realData = (path: string): string => join(folder, path)
export const hasRealData = existsSync(realData('README.md'))
