import { createInterface } from 'node:readline/promises'
import { UserError } from '../domain/user-error.ts'
import type { ReplayPlan } from '../replay/result.ts'
import type { ReplayFlags } from './replay-flags.ts'
import type { Terminal } from './terminal.ts'

/**
 * Whether the run may spend what its plan says. Nobody is asked where nothing is spent, or --yes was given; without a
 * terminal to ask on it is a UserError.
 */
export async function confirmSpend(
  { priceUsd, calls, unpricedTargets }: ReplayPlan,
  flags: ReplayFlags,
  terminal: Terminal,
): Promise<boolean> {
  const isFree = priceUsd !== null && priceUsd.high === 0 && unpricedTargets.length === 0
  const isPlayed = flags.mock !== undefined || flags.recorded !== undefined
  if (isFree || isPlayed || flags.yes === true || flags.resume === true) return true
  const price =
    priceUsd === null
      ? 'an unknown price'
      : `$${priceUsd.low.toFixed(2)} to $${priceUsd.high.toFixed(2)}`
  if (terminal.stdin.isTTY !== true || terminal.stderr.isTTY !== true) {
    throw new UserError(`this run asks models ${calls} times, for ${price}`, {
      hint: 'say --yes to agree, --budget to cap it, or --dry-run to see the plan alone',
    })
  }
  terminal.stderr.write(`Ask models ${calls} times, for ${price}? [y/N] `)
  const lines = createInterface({ input: terminal.stdin as unknown as NodeJS.ReadableStream })
  try {
    for await (const line of lines) return /^y(?:es)?$/i.test(line.trim())
    return false
  } finally {
    lines.close()
  }
}
