import type { Policy } from './policy.ts'
import type { PolicyWarning } from './warnings.ts'

/** What of a policy a simulation or a replay follows and a gateway does not, each with what it does in its place. */
export function ignoredLive(policy: Policy): readonly PolicyWarning[] {
  return ignored.flatMap(([path, message, isSaid]) => (isSaid(policy) ? [{ path, message }] : []))
}

type Ignored = readonly [path: string, message: string, isSaid: (policy: Policy) => boolean]

const ignored: readonly Ignored[] = [
  [
    'batch',
    'is simulated and replayed; serve has no queue, and answers such requests at once at the full price',
    ({ batch }) => batch.length > 0,
  ],
  [
    'prefix.pool',
    'is for studies of traces; providers keep prompts as they do',
    ({ prefix }) => prefix.pool !== null,
  ],
  [
    'prefix.idealised',
    'is for studies of traces; serve sets marks as the provider takes them',
    ({ prefix }) => prefix.idealised,
  ],
  [
    'validators',
    'of kind log-probability cannot judge a live answer, and abstain',
    (policy) => testsOf(policy).has('log-probability'),
  ],
]

function testsOf({ routes }: Policy): ReadonlySet<string> {
  const ladders = routes.flatMap(({ to }) =>
    to.kind === 'ladder' ? [to.ladder] : to.kind === 'classifier' ? Object.values(to.ladders) : [],
  )
  return new Set(
    ladders.flat().flatMap(({ validators }) => validators.map(({ test }) => test.kind)),
  )
}
