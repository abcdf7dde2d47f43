import { writeSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TurnWriter } from '../../src/serve/turn-writer.ts'
import { openDatabase } from '../../src/store/database.ts'
import { openGatewayStore } from '../../src/store/gateway-store.ts'
import { begun, nano, recordOf, settled } from '../support/journal.ts'

/**
 * A gateway's ledger under load, until somebody kills it: several requests at a time, and now and then another process
 * in the way. Says of each request when its model has answered and when its settlement is committed.
 */
const [path = '', run = ''] = process.argv.slice(2)
const concurrency = 8

const store = await openGatewayStore({ path, durability: 'process' })
const writer = new TurnWriter(store)
const other = await openDatabase(`${path}.gateway`)

/** Written before anything else happens; a pipe may be full for a moment. */
function say(line: string): void {
  for (let isSaid = false; !isSaid; ) {
    try {
      isSaid = writeSync(1, `${line}\n`) > 0
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

let count = 0

async function serve(): Promise<void> {
  for (;;) {
    const number = ++count
    const id = `${run}-${number}`
    await writer.begin(begun(id, { reservedNanoUsd: nano(100 + number) }), { isHard: true })
    say(`billed ${id} ${number}`)
    await nextTurn()
    const record = recordOf(id, { answer: { text: 'x'.repeat((number * 997) % 30_000) } })
    writer.settle(settled(id, { costNanoUsd: nano(number), record }))
    writer.flush()
    say(`settled ${id} ${number}`)
  }
}

async function disturb(): Promise<void> {
  for (;;) {
    await new Promise((resume) => setTimeout(resume, 40))
    other.exec('BEGIN IMMEDIATE')
    await new Promise((resume) => setTimeout(resume, 30))
    other.exec('COMMIT')
  }
}

say(`ready ${run} 0`)
await Promise.all([...Array.from({ length: concurrency }, serve), disturb()])
