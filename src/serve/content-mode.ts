import { inTable } from '../domain/json.ts'
import type { ContentMode } from '../policy/governance.ts'
import { isLoopback } from '../policy/is-loopback.ts'
import type { Policy } from '../policy/policy.ts'

/** What is kept of the texts of whoever shows this key: as the policy says for it, else for all. */
export function contentModeOf(
  { privacy, serve }: Pick<Policy, 'privacy' | 'serve'>,
  key: string | null,
): ContentMode {
  const { content, contentByKey } = privacy
  const ofAll = content === 'auto' ? (isLoopback(serve.host) ? 'full' : 'hash') : content
  return (key === null ? undefined : inTable(contentByKey, key)) ?? ofAll
}
