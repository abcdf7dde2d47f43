import type { ProviderSettings } from '../policy/serving.ts'
import { mockOrigins } from '../providers/mocks-only.ts'
import { resolveTarget } from '../providers/resolve-target.ts'
import type { Terminal } from './terminal.ts'

/** Of the vendors that every gateway knows, and of the policy's own providers. */
const vendors = ['openai', 'anthropic']

/** The mocks that a gateway under `--replay-clock` may ask. Throws a UserError where its upstreams are not all mocks. */
export function replayedOrigins(
  own: readonly ProviderSettings[],
  { env }: Terminal,
): Promise<ReadonlySet<string>> {
  const names = [...vendors, ...own.map(({ name }) => name)]
  return mockOrigins(names.map((name) => resolveTarget(`${name}:-`, own, env).provider.baseUrl))
}
