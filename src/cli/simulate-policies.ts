import { defaultPolicy } from '../policy/default-policy.ts'
import { mergePolicy } from '../policy/merge-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { layerPolicy, type PolicyFlags } from '../policy/policy-flags.ts'
import { didYouMean } from '../prices/did-you-mean.ts'
import type { SimulateFormat } from '../report/format-simulate.ts'
import type { FilterFlags, InputFlags } from './common-options.ts'
import { policyPath } from './find-policy.ts'
import { loadPolicy } from './policy-file.ts'
import type { RunPrices } from './price-book.ts'
import type { Terminal } from './terminal.ts'

export type SimulateFlags = InputFlags &
  FilterFlags &
  Omit<PolicyFlags, 'policy'> & {
    readonly policy?: string[]
    readonly sweep?: string
    readonly fast?: boolean
    readonly maxWrongHits?: number
    readonly confidence?: number
    readonly evidence?: string[]
    readonly measured?: boolean
    readonly baseline?: string
    readonly receipts?: string
    readonly explain?: string
    readonly write?: string
    readonly interactive?: boolean
    readonly format?: SimulateFormat
  }

/** The policy with the name of where it comes from. */
export type NamedPolicy = { readonly name: string; readonly policy: Policy }

/**
 * The policies to simulate, the first in full. Flags over environment over file over defaults; without a file a
 * simulation has the semantic layer on.
 */
export function policiesInForce(
  flags: SimulateFlags,
  terminal: Terminal,
  prices: RunPrices,
): readonly [NamedPolicy, ...NamedPolicy[]] {
  const { policy: files = [], ...given } = flags
  const layered = (file: Policy) =>
    layerPolicy({ file, env: terminal.env, flags: given, nearest: didYouMean })
  const read = (path: string): NamedPolicy => ({
    name: path,
    policy: layered(loadPolicy(path, prices.book).policy),
  })
  const [first, ...others] = files
  const path = policyPath(first === undefined ? {} : { policy: first }, terminal)
  if (path !== null) return [read(path), ...others.map(read)]
  const plain = mergePolicy(defaultPolicy, { cache: { semantic: { on: true } } })
  return [{ name: 'default policy', policy: layered(plain) }]
}
