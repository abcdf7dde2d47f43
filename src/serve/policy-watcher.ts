import { UserError } from '../domain/user-error.ts'
import type { Policy } from '../policy/policy.ts'
import { policyFingerprint } from '../policy/policy-fingerprint.ts'
import { type Gateway, needsRestart } from './gateway.ts'
import type { Problems } from './gateway-health.ts'
import type { PolicyInForce } from './gateway-state.ts'
import { watchFile } from './watch-file.ts'

/**
 * Makes a policy ready to run; what goes on living, such as caches and spend, it takes over from the one before. Throws
 * before it changes anything of that.
 */
export type InForceOf = (
  policy: Policy,
  previous: PolicyInForce,
) => PolicyInForce | Promise<PolicyInForce>

export type PolicyWatcherOptions = {
  readonly gateway: Pick<Gateway, 'state' | 'replace'>
  /** The file that is watched; null: none is. */
  readonly path: string | null
  /** The policy as a gateway that starts now would have it. Throws a UserError where it is broken. */
  readonly read: () => Policy
  readonly inForceOf: InForceOf
  readonly say: (sentence: string, level: 'info' | 'warn') => void
  /** Between two looks at the file, milliseconds. */
  readonly lookMs?: number
}

/** What became of a policy that was read again. */
export type Reloaded =
  | { readonly kind: 'replaced'; readonly fingerprint: string; readonly previous: string }
  | { readonly kind: 'unchanged'; readonly fingerprint: string }
  /** The policy before it stays in force. */
  | { readonly kind: 'refused'; readonly problem: ReloadProblem }

export type ReloadProblem = {
  readonly message: string
  readonly at: string | null
  readonly hint: string | null
}

export type PolicyWatcher = {
  /** Reads the policy again and puts it in force as a whole, or not at all. Never rejects. */
  reload(): Promise<Reloaded>
  readonly problems: Problems
  close(): void
}

/** Keeps a gateway's policy that of its file, as far as the file is sound. */
export function openPolicyWatcher(options: PolicyWatcherOptions): PolicyWatcher {
  const { gateway, path, say, lookMs } = options
  let problem: ReloadProblem | null = null
  let running: Promise<Reloaded> | null = null
  let next: Promise<Reloaded> | null = null

  const run = async (): Promise<Reloaded> => {
    const reloaded = await taken(options)
    const before = problem
    problem = reloaded.kind === 'refused' ? reloaded.problem : null
    const isNews = reloaded.kind !== 'unchanged' || before !== null
    const level = reloaded.kind === 'refused' ? 'warn' : 'info'
    if (isNews) say(sentenceOf(reloaded, gateway.state().fingerprint), level)
    return reloaded
  }
  /** One at a time; who asks meanwhile gets the result of one that has not begun yet. */
  const reload = (): Promise<Reloaded> => {
    if (running !== null) {
      next ??= running.then(() => {
        next = null
        return reload()
      })
      return next
    }
    running = run().finally(() => {
      running = null
    })
    return running
  }
  const watch = path === null ? null : watchFile(path, () => void reload(), lookMs)
  return {
    reload,
    problems: () =>
      problem === null ? [] : [`policy: ${notInForce(problem, gateway.state().fingerprint)}`],
    close: () => watch?.close(),
  }
}

/** Reads, checks and builds; only when all of that has gone well is the policy replaced, between two requests. */
async function taken({ gateway, read, inForceOf }: PolicyWatcherOptions): Promise<Reloaded> {
  try {
    const previous = gateway.state()
    const policy = read()
    const fingerprint = policyFingerprint(policy)
    if (fingerprint === previous.fingerprint) return { kind: 'unchanged', fingerprint }
    const fixed = needsRestart(previous.compiled.policy, policy)
    if (fixed.length > 0) throw cannotChange(fixed)
    gateway.replace(await inForceOf(policy, previous))
    return { kind: 'replaced', fingerprint, previous: previous.fingerprint }
  } catch (error) {
    return { kind: 'refused', problem: problemOf(error) }
  }
}

const cannotChange = (names: readonly string[]): UserError =>
  new UserError(`${names.join(', ')} cannot change while the gateway runs`, {
    hint: 'restart it, or take the change back: nothing else of the file is in force either',
  })

const problemOf = (error: unknown): ReloadProblem =>
  error instanceof UserError
    ? { message: error.message, at: error.at ?? null, hint: error.hint ?? null }
    : { message: `a mistake of the gateway: ${String(error)}`, at: null, hint: null }

function sentenceOf(reloaded: Reloaded, inForce: string): string {
  switch (reloaded.kind) {
    case 'replaced':
      return `policy: ${reloaded.fingerprint} is in force, in place of ${reloaded.previous}`
    case 'unchanged':
      return `policy: ${reloaded.fingerprint} is in force; the file says the same again`
    case 'refused':
      return `policy: ${notInForce(reloaded.problem, inForce)}`
  }
}

function notInForce({ message, at, hint }: ReloadProblem, inForce: string): string {
  const place = at === null ? '' : ` at ${at}`
  const advice = hint === null ? '' : ` (${hint})`
  return `what the file says now is not in force, ${inForce} stays: ${message}${place}${advice}`
}
