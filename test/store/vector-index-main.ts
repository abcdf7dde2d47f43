import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../src/store/database.ts'
import { openVectorIndex } from '../../src/store/vector-index.ts'
import { vectorIndexContract } from './vector-index-contract.ts'

/**
 * Runs the contract with node:sqlite; prints one JSON object: by check null, or what went wrong, and what an index says
 * where it is not available.
 */
const outcome: Record<string, string | null> = {}
for (const [name, check] of Object.entries(vectorIndexContract)) {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-vectors-'))
  try {
    await check('node', folder)
    outcome[name] = null
  } catch (error) {
    outcome[name] = String((error as Error).stack)
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
const database = await openDatabase(':memory:', { driver: 'node' })
const opened = openVectorIndex(database, { name: 'any', dimensions: 2 })
process.stdout.write(JSON.stringify({ outcome, reason: opened.isAvailable ? null : opened.reason }))
