import type * as z from 'zod'
import { UserError } from '../domain/user-error.ts'
import { guardNames, insertRules } from './caching.ts'
import { defaultPolicy } from './default-policy.ts'
import { defaultRules } from './default-rules.ts'
import { namespace } from './file-caching.ts'
import { mergePolicy, type PolicyPatch } from './merge-policy.ts'
import type { Policy } from './policy.ts'
import { policyPresetNames, presetPatch } from './policy-presets.ts'
import { findingsOf, type Nearest } from './problems.ts'
import { presetRoute } from './route-presets.ts'
import { routePresetNames, stickyWords } from './routing.ts'
import { listOf, oneOf, orOff, positive, seconds, similarity, text } from './values.ts'

/** Flags that say a part of the policy, as the command line or the environment has them: text, or a switch. */
export type PolicyFlags = {
  readonly preset?: string
  readonly threshold?: string
  readonly ttl?: string
  readonly namespace?: string
  readonly embedder?: string
  readonly insert?: string
  readonly guards?: string
  readonly maxMessages?: string
  readonly maxEntries?: string
  readonly sticky?: string
  readonly route?: string
  /** False for --no-exact, and so on; true, which is what a command line has without it, says nothing. */
  readonly exact?: boolean
  readonly semantic?: boolean
  readonly coalesce?: boolean
  readonly defaultRules?: boolean
}

type Layering = {
  /** The policy of the file; the default where there is none. */
  readonly file?: Policy | null
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly flags?: PolicyFlags
  readonly nearest?: Nearest
}

/** The policy in force: flags over environment over file over defaults. */
export function layerPolicy({ file, env = {}, flags = {}, nearest }: Layering): Policy {
  const near = nearest ?? (() => null)
  const layers = [
    { given: (flag: Flag) => env[environmentName(flag)] || undefined, name: environmentName },
    { given: (flag: Flag) => saidBy(flags[flag]), name: (flag: Flag) => `--${hyphened(flag)}` },
  ]
  let policy = file ?? defaultPolicy
  for (const { given, name } of layers) {
    for (const flag of policyFlags) {
      const value = given(flag)
      if (value !== undefined) policy = changes[flag](value, name(flag), near)(policy)
    }
  }
  return policy
}

const saidBy = (flag: string | boolean | undefined) => (flag === true ? undefined : flag)

const hyphened = (flag: Flag): string =>
  flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** LLMCOST_MAX_MESSAGES for maxMessages. */
const environmentName = (flag: Flag): string =>
  `LLMCOST_${hyphened(flag).replaceAll('-', '_').toUpperCase()}`

type Flag = keyof PolicyFlags
type Change = (policy: Policy) => Policy
type Reader = (given: string | boolean, name: string, nearest: Nearest) => Change

/** A preset is a start for what stands beside it, so it is read first; a switch has the last word. */
const changes: Readonly<Record<Flag, Reader>> = {
  preset: valued(oneOf(policyPresetNames), presetPatch),
  threshold: valued(similarity, (threshold) => semantic({ on: true, threshold })),
  ttl: valued(orOff(seconds), (ttlSeconds) => bothLayers({ ttlSeconds })),
  maxEntries: valued(orOff(positive), (maxEntries) => bothLayers({ maxEntries })),
  namespace: valued(namespace, (field) => ({ cache: { namespace: field } }), listed),
  embedder: valued(text, (embedder) => semantic({ embedder })),
  insert: valued(oneOf(insertRules), (insert) => semantic({ insert })),
  guards: valued(listOf(oneOf(guardNames)), (guards) => semantic({ guards }), listed),
  maxMessages: valued(positive, (maxMessages) => semantic({ maxMessages })),
  sticky: valued(oneOf(stickyWords), (sticky) => ({ sticky })),
  route: valued(oneOf(routePresetNames), (name) => ({ routes: [presetRoute(name)] })),
  exact: switched((on) => ({ cache: { exact: { on } } })),
  semantic: switched((on) => semantic({ on })),
  coalesce: switched((coalesce) => ({ coalesce })),
  defaultRules: (given) => (isOff(given) ? withoutDefaultRules : (policy) => policy),
}
const policyFlags = Object.keys(changes) as readonly Flag[]

type CachePatch = NonNullable<PolicyPatch['cache']>

const semantic = (patch: NonNullable<CachePatch['semantic']>): PolicyPatch => ({
  cache: { semantic: patch },
})

const bothLayers = (patch: NonNullable<CachePatch['exact']>): PolicyPatch => ({
  cache: { exact: patch, semantic: patch },
})

function valued<Value>(
  schema: z.ZodType<Value>,
  patch: (value: Value) => PolicyPatch,
  written: (given: string) => unknown = numberOrText,
): Reader {
  return (given, name, nearest) => {
    const value = written(String(given))
    const read = schema.safeParse(value)
    if (read.success) return (policy) => mergePolicy(policy, patch(read.data))
    const [finding] = findingsOf(read.error.issues, value, nearest)
    throw new UserError(`${name} ${given} ${finding?.message ?? 'cannot be read'}`, {
      ...(typeof finding?.hint === 'string' && { hint: finding.hint }),
    })
  }
}

/** The text as the file would hold it. */
function numberOrText(given: string): unknown {
  return /^-?(?:\d+\.?|\d*\.\d+)$/.test(given) ? Number(given) : given
}

/** "user,feature"; "none" for an empty list; a word alone where that is a value of its own. */
function listed(given: string): unknown {
  if (given === 'none') return []
  const words = given.split(',').map((word) => word.trim())
  return words.length === 1 && ['log', 'shared'].includes(given) ? given : words
}

function switched(patch: (on: boolean) => PolicyPatch): Reader {
  return (given) => (policy) => mergePolicy(policy, patch(!isOff(given)))
}

const isOff = (given: string | boolean): boolean =>
  given === false || ['off', 'false', 'no', '0'].includes(String(given).toLowerCase())

const withoutDefaultRules: Change = (policy) => {
  const rules = policy.cache.rules.filter((rule) => !defaultRules.includes(rule))
  return mergePolicy(policy, { cache: { rules } })
}
