import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { safeText } from '../report/escape.ts'
import { formatServeStatus } from '../report/serve-status.ts'
import { serveStatusJson } from '../report/serve-status-json.ts'
import type { GatewaySnapshot } from '../serve/gateway-snapshot.ts'
import { type AdminFlags, type AskAdmin, adminOf } from './ask-admin.ts'
import { interruptible } from './interrupt.ts'
import { type Terminal, viewOf } from './terminal.ts'

export type ServeStatusFlags = AdminFlags & { readonly watch?: boolean }

/** `llmcost serve status`: what a running gateway has done, and how it is. */
export async function runServeStatus(flags: ServeStatusFlags, terminal: Terminal): Promise<number> {
  const admin = adminOf(flags, terminal)
  const view = viewOf(terminal.stdout, terminal.env)
  if (flags.watch === true && flags.format === 'json') return watchJson(admin, terminal)
  if (flags.watch === true) {
    const { watchServeStatus } = await import('../report/serve-status-watch.tsx')
    await watchServeStatus(() => snapshotOf(admin), terminal, view)
    return 0
  }
  const snapshot = await snapshotOf(admin)
  const isJson = flags.format === 'json'
  terminal.stdout.write(isJson ? serveStatusJson(snapshot) : formatServeStatus(snapshot, view))
  return 0
}

async function snapshotOf(admin: AskAdmin): Promise<GatewaySnapshot> {
  const said: JsonObject = await admin.get('/snapshot')
  if (said['kind'] === 'serve-status' && said['version'] === 1)
    return said as unknown as GatewaySnapshot
  throw new UserError('the gateway there is of another version', {
    hint: 'run the llmcost that runs it, or restart it with this one',
  })
}

/** Between two looks at the gateway. */
const watchMs = 2_000

/** A line each time, for programs. A gateway that is restarted comes back: who watches waits for it. */
const watchJson = (admin: AskAdmin, terminal: Terminal): Promise<number> =>
  interruptible(terminal, async (signal) => {
    while (!signal.aborted) {
      const line = await snapshotOf(admin).then(
        (snapshot) => JSON.stringify(snapshot),
        (error: unknown) => {
          if (error instanceof UserError) terminal.stderr.write(`${safeText(error.message)}\n`)
          else throw error
        },
      )
      if (line !== undefined) terminal.stdout.write(`${line}\n`)
      await sleep(watchMs, undefined, { signal }).catch(() => undefined)
    }
    return 0
  })
