import { ignoredLive } from '../policy/ignored-live.ts'
import type { InputFlags } from './common-options.ts'
import { untilToldToEnd } from './interrupt.ts'
import { Narrator } from './narrator.ts'
import type { ServePolicyFlags } from './serve-policy.ts'
import { type RunningServe, startServe } from './start-serve.ts'
import type { Terminal } from './terminal.ts'

export type ServeFlags = InputFlags &
  ServePolicyFlags & {
    readonly debug?: boolean
    readonly log?: 'text' | 'json'
    readonly replayClock?: boolean
    readonly warmFromLog?: string[]
  }

/** How long answers under way may take when the gateway is told to end. */
const graceMs = 30_000

/** `llmcost serve`: runs the gateway until Ctrl-C or SIGTERM; SIGHUP has it read the policy again. */
export async function runServe(flags: ServeFlags, terminal: Terminal): Promise<number> {
  const narrator = new Narrator(terminal, flags)
  const serve = await startServe(flags, terminal)
  const told = untilToldToEnd(terminal)
  const stopReloading = terminal.onHangup?.(() => void reload(serve, narrator))
  announce(serve, terminal, narrator)
  await told
  narrator.say('ending: answers under way are waited for; another signal ends at once')
  await serve.close(graceMs)
  stopReloading?.()
  return 0
}

/** A file that changes is told of by whoever watches it; who asks is to be answered in any case. */
async function reload({ watcher }: RunningServe, narrator: Narrator): Promise<void> {
  const { kind } = await watcher.reload()
  if (kind === 'unchanged') narrator.say('policy: the file says what is in force')
}

function announce(
  { gateway, source }: RunningServe,
  { stdout }: Terminal,
  narrator: Narrator,
): void {
  stdout.write(`OPENAI_BASE_URL=${gateway.url}/v1\nANTHROPIC_BASE_URL=${gateway.url}\n`)
  narrator.say(`dashboard: ${gateway.adminUrl}`)
  if (gateway.state().replay !== null)
    narrator.say('replay clock: times are those of x-llmcost-at and of the mock')
  for (const { path, message } of ignoredLive(gateway.state().compiled.policy))
    narrator.say(`warning: ${path} ${message}`)
  narrator.say(
    source === null
      ? 'no policy: requests pass through and are written down; `llmcost policy init` writes one, --policy runs it'
      : `policy: ${source}`,
  )
}
