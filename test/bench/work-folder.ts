import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where generated inputs and the peer are kept from run to run. TMPDIR chooses the disk. */
export const cacheFolder = join(tmpdir(), 'llmcost-bench')

const made = new Set<string>()

/** A new folder outside the repository; what is left of it when this process ends is removed then. */
export function newFolder(): string {
  if (made.size === 0) process.once('exit', removeFolders)
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-bench-run-'))
  made.add(folder)
  return folder
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

function removeFolders(): void {
  for (const folder of made) removeFolder(folder)
}

/** A folder in the cache. */
export function cachedFolder(...names: readonly string[]): string {
  const folder = join(cacheFolder, ...names)
  mkdirSync(folder, { recursive: true })
  return folder
}
