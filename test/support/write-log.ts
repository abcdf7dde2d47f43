import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalRecord } from './cli.ts'
import type { FakeTerminal } from './terminal.ts'

/** Writes canonical records to a log in a terminal's folder; a prompt that is a text is a user's message. */
export function writeLog(
  { folder }: Pick<FakeTerminal, 'folder'>,
  records: readonly Readonly<Record<string, unknown>>[],
  name = 'log.jsonl',
): string {
  const path = join(folder, name)
  const lines = records.map(({ prompt, ...fields }) =>
    canonicalRecord({
      ...fields,
      prompt:
        typeof prompt === 'string' ? { messages: [{ role: 'user', content: prompt }] } : prompt,
    }),
  )
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}
