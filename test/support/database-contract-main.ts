import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DriverName, databaseContract } from './database-contract.ts'

/** Runs the contract under this Node; prints one JSON object: by check null, or what went wrong. */
const driver = process.argv[2] as DriverName
const outcome: Record<string, string | null> = {}
for (const [name, check] of Object.entries(databaseContract)) {
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-database-'))
  try {
    await check(driver, folder)
    outcome[name] = null
  } catch (error) {
    outcome[name] = String((error as Error).stack)
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
process.stdout.write(JSON.stringify(outcome))
