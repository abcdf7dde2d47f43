import { UserError } from '../domain/user-error.ts'
import type { ContentMode } from '../ingest/ports.ts'
import type { CachePolicy } from '../policy/caching.ts'
import { mergePolicy } from '../policy/merge-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { layerPolicy, type PolicyFlags } from '../policy/policy-flags.ts'
import { didYouMean } from '../prices/did-you-mean.ts'
import type { OpenPriceBook } from '../prices/price-book.ts'
import { policyPath } from './find-policy.ts'
import { loadPolicy } from './policy-file.ts'
import type { Terminal } from './terminal.ts'

export type ServePolicyFlags = Omit<PolicyFlags, 'policy'> & {
  readonly policy?: string[]
  readonly port?: number
  readonly host?: string
  readonly adminPort?: number
  readonly adminHost?: string
  readonly content?: ContentMode
  readonly redact?: boolean
}

export type ServedPolicy = {
  readonly policy: Policy
  /** The file it is from; null: there is none. */
  readonly source: string | null
}

/**
 * The policy that a gateway runs: flags over environment over file. Without a file and without flags that say one,
 * everything is off but writing down. Throws a UserError for a semantic cache whose namespace nobody wrote down.
 */
export function servedPolicy(
  flags: ServePolicyFlags,
  terminal: Terminal,
  book: OpenPriceBook,
): ServedPolicy {
  const { policy: named, ...said } = flags
  const path = policyPath(named?.[0] === undefined ? {} : { policy: named[0] }, terminal)
  const loaded = path === null ? null : loadPolicy(path, book)
  const file = loaded?.policy ?? passThrough
  const layered = layerPolicy({ file, env: terminal.env, flags: said, nearest: didYouMean })
  const policy = withServeFlags(layered, flags)
  if (comparesInLog(policy.cache)) throw noNamespace()
  return { policy, source: path }
}

export function requireOnePolicy({ policy = [] }: ServePolicyFlags): void {
  if (policy.length > 1)
    throw new UserError('a gateway runs one policy', { hint: 'name one file with --policy' })
}

/** What holds where nobody has decided anything. */
const passThrough: Policy = mergePolicy(layerPolicy({}), {
  cache: { exact: { on: false }, semantic: { on: false } },
  coalesce: false,
  failure: { retries: { attempts: 0 }, fallback: { on: false }, breaker: { on: false } },
})

function withServeFlags(policy: Policy, flags: ServePolicyFlags): Policy {
  const { port, host, adminPort, adminHost, content, redact } = flags
  return {
    ...policy,
    serve: {
      ...policy.serve,
      ...(port !== undefined && { port }),
      ...(host !== undefined && { host }),
      ...(adminPort !== undefined && { adminPort }),
      ...(adminHost !== undefined && { adminHost }),
    },
    privacy: {
      ...policy.privacy,
      ...(content !== undefined && { content }),
      ...(redact !== undefined && { redact }),
    },
  }
}

/** Whether it is on for requests of which nobody has said with whom they share. */
const comparesInLog = ({ semantic, rules, namespace }: CachePolicy): boolean =>
  (semantic.on && namespace.kind === 'log') ||
  rules.some((rule) => rule.semantic === true && (rule.namespace ?? namespace).kind === 'log')

const noNamespace = (): UserError =>
  new UserError('a semantic cache needs a namespace that is written down', {
    hint: 'write cache.namespace into the policy: [user], [tenant] …, or shared, which lets everybody see answers to everybody’s questions',
  })
