import { inBytes, inWhole } from '../table.ts'
import { type Growth, growthOf } from './resource-samples.ts'
import type { SoakFound } from './run-soak.ts'

export type SoakVerdict = {
  readonly rss: Growth | null
  readonly heap: Growth | null
  /** What is wrong, in sentences. */
  readonly breaches: readonly string[]
}

/**
 * So much more may be code that was compiled late; what leaks goes on, and passes it within the hour. In the first
 * minutes, statistics and caches of a fixed size still fill up.
 */
const allowedGrowth = (durationMs: number): number => (durationMs < 600_000 ? 40e6 : 8e6)

/** What a run proves. */
export function soakVerdict(found: SoakFound): SoakVerdict {
  const rss = growthOf(found.samples, ({ rssBytes }) => rssBytes)
  const heap = growthOf(found.samples, ({ heapUsedBytes }) => heapUsedBytes)
  const { idle, after, receipts, unexpected, bugs } = found
  const isWrong: readonly (readonly [boolean, string])[] = [
    [rss === null, 'too few samples to tell whether memory grows'],
    [
      rss?.isSteady === true && rss.bytes > allowedGrowth(found.durationMs),
      `memory grew steadily by ${inBytes(rss?.bytes ?? 0)} after the warm-up`,
    ],
    [
      after.sockets > idle.sockets,
      `${after.sockets} sockets are open at the end, ${idle.sockets} were at the start`,
    ],
    [
      after.timers > idle.timers,
      `${after.timers} timers run at the end, ${idle.timers} did at the start`,
    ],
    [receipts.missing > 0, `${inWhole(receipts.missing)} requests have no receipt`],
    [receipts.doubled > 0, `${inWhole(receipts.doubled)} requests have more than one receipt`],
    [receipts.unknown > 0, `${inWhole(receipts.unknown)} receipts belong to no request`],
    [bugs.length > 0, `it told of mistakes of its own: ${bugs[0]}`],
    [
      unexpected.count > 0,
      `${inWhole(unexpected.count)} requests ended as they must not: ${unexpected.examples.join('; ')}`,
    ],
  ]
  return { rss, heap, breaches: isWrong.flatMap(([is, what]) => (is ? [what] : [])) }
}

/** A run and what it proves, as a person reads it. */
export function soakText(found: SoakFound, { rss, heap, breaches }: SoakVerdict): string {
  const { program, durationMs, sent, ends, idle, samples, after, receipts } = found
  const most = (of: (sample: SoakFound['after']) => number) => Math.max(...samples.map(of))
  const lines = [
    `${program}: ${(durationMs / 60_000).toFixed(1)} minutes, ${inWhole(sent)} requests`,
    ...[...ends].map(([kind, byEnd]) => {
      const counts = [...byEnd].map(([end, count]) => `${inWhole(count)} ${end}`)
      return `  ${kind.padEnd(11)}${counts.join(', ')}`
    }),
    `  memory     ${inBytes(idle.rssBytes)} idle, at most ${inBytes(most(({ rssBytes }) => rssBytes))}; ${growthText(rss)}`,
    `  heap       at most ${inBytes(most(({ heapUsedBytes }) => heapUsedBytes))}; ${growthText(heap)}`,
    `  sockets    ${idle.sockets} idle, at most ${most(({ sockets }) => sockets)}, ${after.sockets} at the end`,
    `  timers     ${idle.timers} idle, at most ${most(({ timers }) => timers)}, ${after.timers} at the end`,
    `  receipts   ${inWhole(receipts.owed)} owed, ${receipts.missing} missing, ${receipts.doubled} doubled, ${receipts.unknown} unknown`,
    ...receipts.examples.map((example) => `             ${example}`),
    ...breaches.map((breach) => `breach: ${breach}`),
    breaches.length === 0 ? 'no breach' : '',
  ]
  return `${lines.filter((line) => line !== '').join('\n')}\n`
}

function growthText(growth: Growth | null): string {
  if (growth === null) return 'its slope is unknown'
  const sign = growth.bytes < 0 ? '-' : '+'
  const trend = growth.isSteady ? 'a steady rise' : 'no trend'
  return `${sign}${inBytes(Math.abs(growth.bytes))} after the warm-up, ${trend}`
}
