import { formatServeStatus } from '../report/serve-status.ts'
import { serveStatusJson } from '../report/serve-status-json.ts'
import type { GatewaySnapshot } from '../serve/gateway-snapshot.ts'
import { type AdminFlags, adminOf } from './ask-admin.ts'
import { type Terminal, viewOf } from './terminal.ts'

export type ServeStatusFlags = AdminFlags & { readonly watch?: boolean }

/** `llmcost serve status`: what a running gateway has done, and how it is. */
export async function runServeStatus(flags: ServeStatusFlags, terminal: Terminal): Promise<number> {
  const admin = adminOf(flags, terminal)
  const view = viewOf(terminal.stdout, terminal.env)
  // What a gateway of this version says of itself.
  const snapshot = async () => (await admin.get('/snapshot')) as unknown as GatewaySnapshot
  if (flags.watch === true) {
    const { watchServeStatus } = await import('../report/serve-status-watch.tsx')
    await watchServeStatus(snapshot, terminal, view)
    return 0
  }
  const now = await snapshot()
  terminal.stdout.write(
    flags.format === 'json' ? serveStatusJson(now) : formatServeStatus(now, view),
  )
  return 0
}
