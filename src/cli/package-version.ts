import { existsSync, readFileSync } from 'node:fs'

/** llmcost's own version, from the nearest package.json above this file: sources and bundle lie at different depths. */
export function packageVersion(): string {
  for (const folder of ['../', '../../', '../../../']) {
    const place = new URL(`${folder}package.json`, import.meta.url)
    if (existsSync(place)) {
      return (JSON.parse(readFileSync(place, 'utf8')) as { version: string }).version
    }
  }
  return 'unknown'
}
