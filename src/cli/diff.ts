import type { NamedSnapshot } from '../check/diff.ts'
import { diff } from '../check/diff.ts'
import type { Repriced } from '../check/diff-result.ts'
import { repriceSnapshot } from '../check/reprice-snapshot.ts'
import { UserError } from '../domain/user-error.ts'
import { formatDiff } from '../report/format-diff.ts'
import { isoNow } from './clock.ts'
import { type DiffFlags, sideWords } from './diff-flags.ts'
import { type OpenSides, openSides } from './diff-sides.ts'
import { openRunPrices, type RunPrices } from './price-book.ts'
import { type Terminal, viewOf } from './terminal.ts'
import { writeOut } from './write-out.ts'

/** `llmcost diff`: 0 compared, 2 could not. */
export async function runDiff(
  words: readonly string[],
  flags: DiffFlags,
  terminal: Terminal,
): Promise<number> {
  const asked = sideWords(words)
  const prices = await openRunPrices(flags, terminal)
  const sides = await openSides(asked, flags, terminal, prices)
  if ('code' in sides) return sides.code
  const { from, to, repriced, warnings } = flags.reprice === true ? atOneBook(sides, prices) : sides
  requireRequests(from, to)
  const result = diff(from, to, {
    generatedAt: isoNow(terminal),
    inputs: sides.inputs,
    warnings,
    repriced,
  })
  const view = viewOf(terminal.stdout, terminal.env)
  await writeOut(terminal.stdout, formatDiff(result, flags.format ?? 'terminal', view))
  return 0
}

/** What the store holds is at the book in force already. */
function atOneBook(sides: OpenSides, prices: RunPrices) {
  const at = ({ name, snapshot }: NamedSnapshot) => repriceSnapshot(snapshot, prices, name)
  const [from, to] = [at(sides.from), at(sides.to)]
  const repriced: Repriced = {
    prices: prices.fingerprint,
    from: from.repriced,
    to: to.repriced,
  }
  return {
    from: { ...sides.from, snapshot: from.snapshot },
    to: { ...sides.to, snapshot: to.snapshot },
    repriced,
    warnings: [...sides.warnings, ...from.warnings, ...to.warnings],
  }
}

function requireRequests(
  { snapshot: from, name }: NamedSnapshot,
  { snapshot: to, name: other }: NamedSnapshot,
) {
  if (from.totals.requests + to.totals.requests > 0) return
  throw new UserError(`neither ${name} nor ${other} has any request`, {
    hint: 'widen the time ranges, or drop --where; llmcost analyze shows which days there are',
  })
}
