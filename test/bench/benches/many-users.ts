import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { llmcost } from '../commands.ts'
import { chatLog, type LogFile } from '../inputs.ts'
import { interleave, type Subject } from '../interleave.ts'
import type { BenchOptions, Outcome } from '../outcome.ts'
import { inWhole } from '../table.ts'
import { newFolder, removeFolder } from '../work-folder.ts'
import { inputWords } from './ingest.ts'

const distinctUsers = 200_000
const defaultBytes = 250e6
const defaultRuns = 3

/** Memory of `llmcost analyze FILE --by user` with very many users, against the same log with a few thousand. */
export async function benchManyUsers({ sizeBytes, runs }: BenchOptions): Promise<Outcome> {
  const log = chatLog(sizeBytes ?? defaultBytes)
  const users = Math.min(distinctUsers, log.rows)
  const folder = newFolder()
  try {
    const many = join(folder, 'many-users.jsonl')
    await writeManyUsers(log, many)
    const subject = (name: string, role: Subject['role'], path: string): Subject => ({
      name,
      role,
      command: ({ store }) => llmcost('analyze', path, '--by', 'user', '--db', store, '--quiet'),
    })
    const { figures } = await interleave(
      [
        subject('the log as it is, up to 5,000 users', 'peer', log.path),
        subject(`the log with ${inWhole(users)} users`, 'measured', many),
      ],
      { runs: runs ?? defaultRuns, rows: log.rows },
    )
    return { bench: 'by-million-users', input: inputWords(log), figures, targets: [] }
  } finally {
    removeFolder(folder)
  }
}

/** The same lines; the user is the number of the line, so that users come round one after the other. */
async function writeManyUsers(log: LogFile, path: string): Promise<void> {
  const lines = createInterface({ input: createReadStream(log.path), crlfDelay: Infinity })
  await pipeline(Readable.from(withUsers(lines)), createWriteStream(path))
}

async function* withUsers(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let row = 0
  let text = ''
  for await (const line of lines) {
    text += `${line.replace(/"user":"[^"]*"/, `"user":"u${row++ % distinctUsers}"`)}\n`
    if (text.length < 1 << 20) continue
    yield text
    text = ''
  }
  yield text
}
