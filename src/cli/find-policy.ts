import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Terminal } from './terminal.ts'

export type PolicyFileFlags = { readonly policy?: string }

export const policyFileNames = ['llmcost.yaml', 'llmcost.yml'] as const

/** The policy file of a folder or of the nearest folder above it; null where there is none. */
export function findPolicyFile(from: string): string | null {
  const folder = resolve(from)
  const found = policyFileNames.map((name) => join(folder, name)).find((path) => existsSync(path))
  if (found !== undefined) return found
  const above = dirname(folder)
  return above === folder ? null : findPolicyFile(above)
}

/** The file that --policy or LLMCOST_POLICY names, or the nearest upward; null where there is none. */
export const policyPath = (
  flags: PolicyFileFlags,
  { env }: Pick<Terminal, 'env'>,
  from: string = process.cwd(),
): string | null => flags.policy ?? (env['LLMCOST_POLICY'] || findPolicyFile(from))
