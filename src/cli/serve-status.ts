import { setTimeout as sleep } from 'node:timers/promises'
import { type JsonObject, listOf, objectOf } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { safeText } from '../report/escape.ts'
import { formatJson } from '../report/json.ts'
import { type AdminFlags, type AskAdmin, adminOf } from './ask-admin.ts'
import { interruptible } from './interrupt.ts'
import type { Terminal } from './terminal.ts'

export type ServeStatusFlags = AdminFlags & { readonly watch?: boolean }

/** Between two looks at the gateway. */
const watchMs = 2_000

/** `llmcost serve status`: what a running gateway has done, and how it is. */
export async function runServeStatus(flags: ServeStatusFlags, terminal: Terminal): Promise<number> {
  const admin = adminOf(flags, terminal)
  const text = textOf(flags)
  if (flags.watch !== true) {
    terminal.stdout.write(text(await admin.get('/snapshot')))
    return 0
  }
  return await interruptible(terminal, async (signal) => {
    while (!signal.aborted) {
      const now = await textNow(admin, text)
      terminal.stdout.write(terminal.stdout.isTTY === true ? `${clearScreen}${now}` : now)
      await sleep(watchMs, undefined, { signal }).catch(() => undefined)
    }
    return 0
  })
}

const clearScreen = '\x1b[H\x1b[2J'

type SnapshotText = (snapshot: JsonObject) => string

/** A gateway that is restarted comes back: who watches waits for it. */
async function textNow(admin: AskAdmin, text: SnapshotText): Promise<string> {
  try {
    return text(await admin.get('/snapshot'))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return `${safeText(error.message)}\n`
  }
}

const textOf = ({ format, watch }: ServeStatusFlags): SnapshotText => {
  if (format !== 'json') return plainText
  return watch === true ? (snapshot) => `${JSON.stringify(snapshot)}\n` : formatJson
}

function plainText(snapshot: JsonObject): string {
  const health = objectOf(snapshot['health'])
  const policy = objectOf(snapshot['policy'])
  const lines = [
    `status  ${health['status']}`,
    ...listOf(health['problems']).map((problem) => `  ${problem}`),
    `policy  ${policy['fingerprint']} (${policy['source'] ?? 'no file'})`,
  ]
  return `${lines.map(safeText).join('\n')}\n`
}
