import { writeSync } from 'node:fs'
import { openDatabase } from '../../src/store/database.ts'

/** Another process in the way: locks a database, says so on standard output, and goes when standard input ends. */
const database = await openDatabase(process.argv[2] ?? '')
database.exec('BEGIN EXCLUSIVE')
writeSync(1, 'locked\n')
process.stdin.resume().once('end', () => {
  database.exec('COMMIT')
  database.close()
})
