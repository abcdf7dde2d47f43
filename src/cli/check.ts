import { appendFileSync, writeFileSync } from 'node:fs'
import { check } from '../check/check.ts'
import { exitCodeOf } from '../check/judge-finding.ts'
import { repriceSnapshot } from '../check/reprice-snapshot.ts'
import type { Snapshot } from '../check/snapshot.ts'
import { snapshotText } from '../check/snapshot-text.ts'
import { filterKey } from '../check/views.ts'
import { filterFields } from '../domain/selection.ts'
import { UserError } from '../domain/user-error.ts'
import type { Assertion } from '../policy/governance.ts'
import type { CheckPolicy } from '../policy/policy.ts'
import { checkMarkdown } from '../report/check-markdown.ts'
import { formatCheck } from '../report/format-check.ts'
import { type CheckFlags, flagAssertions } from './check-flags.ts'
import { readBaseline, readSides, type Sides } from './check-sides.ts'
import { isoNow } from './clock.ts'
import { unknownField } from './common-options.ts'
import { policyPath } from './find-policy.ts'
import { loadPolicy } from './policy-file.ts'
import { openRunPrices, type RunPrices } from './price-book.ts'
import { headOf } from './read-text.ts'
import { type Terminal, viewOf } from './terminal.ts'
import { writeOut } from './write-out.ts'

/** `llmcost check`: 0 passed or warned, 1 a regression, 2 nothing to tell it by. */
export async function runCheck(
  files: readonly string[],
  flags: CheckFlags,
  terminal: Terminal,
): Promise<number> {
  const prices = await openRunPrices(flags, terminal)
  const policy = policyOf(flags, terminal, prices.book)
  const isAsked = policy.assertions.some(({ level }) => level !== 'off')
  if (flags.save === undefined && !isAsked) throw nothingToCheck(flags)
  if (flags.save !== undefined) requireSnapshotOrNew(flags.save)
  const filed = readBaseline(flags.baseline)
  const sides = await readSides(files, flags, terminal, { prices, policy, range: filed.range })
  if ('code' in sides) return sides.code
  const { run, inputs } = sides
  const baseline = filed.snapshot ?? sides.baseline
  if (flags.save !== undefined) save(run, flags, terminal)
  // Saving a first baseline asks for no comparison; what flags demand besides is asked for.
  const isFirst = flags.save !== undefined && baseline === null
  const assertions = isFirst ? flagAssertions(flags) : policy.assertions
  if (assertions.every(({ level }) => level === 'off')) return 0
  const { before, after, warnings } = atOneBook(baseline, sides, flags, prices)
  const result = check(before, after, {
    generatedAt: isoNow(terminal),
    inputs,
    warnings,
    policy: { ...policy, assertions },
  })
  const view = viewOf(terminal.stdout, terminal.env)
  await writeOut(terminal.stdout, formatCheck(result, flags.format ?? 'terminal', view))
  const summary = terminal.env['GITHUB_STEP_SUMMARY']
  if (flags.format === 'github' && summary) appendFileSync(summary, checkMarkdown(result))
  return exitCodeOf(result.verdict, result.noData)
}

/** Both sides at the price book in force, where that is asked for. */
function atOneBook(
  baseline: Snapshot | null,
  { run, warnings }: Sides,
  { reprice }: CheckFlags,
  prices: RunPrices,
) {
  if (reprice !== true) return { before: baseline, after: run, warnings }
  const before = baseline === null ? null : repriceSnapshot(baseline, prices, 'the baseline')
  const after = repriceSnapshot(run, prices, 'the run')
  return {
    before: before?.snapshot ?? null,
    after: after.snapshot,
    warnings: [...warnings, ...(before?.warnings ?? []), ...after.warnings],
  }
}

const nothingToCheck = ({ baseline }: CheckFlags): UserError =>
  baseline === undefined
    ? new UserError('there is nothing to check against: no baseline and no assertion', {
        hint: 'first llmcost check --save baseline.json, then llmcost check --baseline baseline.json --max-increase 5%',
      })
    : new UserError('nothing is demanded of the run: there is no assertion', {
        hint: `llmcost check --baseline ${baseline} --max-increase 5%; llmcost diff only shows what changed`,
      })

/** A slip of the keyboard must not cost anybody a log. */
function requireSnapshotOrNew(path: string): void {
  const head = headOf(path)
  if (head === '' || /^\{\s*"kind":\s*"llmcost-snapshot"/.test(head)) return
  throw new UserError(`${path} is no snapshot, and would be lost`, {
    hint: 'save to another file, e.g. --save baseline.json',
  })
}

/** The file's settings, and the flags' over them. */
function policyOf(
  flags: CheckFlags,
  terminal: Terminal,
  book: Parameters<typeof loadPolicy>[1],
): CheckPolicy {
  const path = policyPath(flags, terminal)
  const filed: CheckPolicy =
    path === null
      ? { assertions: [], noData: 'fail', exact: false }
      : loadPolicy(path, book).policy.check
  const stated = flagAssertions(flags)
  const subject = ({ metric, where }: Assertion) => `${metric} ${filterKey(where)}`
  const replaced = new Set(stated.map(subject))
  const kept = filed.assertions.filter((assertion) => !replaced.has(subject(assertion)))
  for (const { where } of [...kept, ...stated])
    for (const field of Object.keys(where)) requireField(field)
  return { ...filed, assertions: [...kept, ...stated], exact: flags.exact ?? filed.exact }
}

function requireField(field: string): void {
  if (!field.startsWith('tag:') && !filterFields.includes(field))
    throw unknownField(field, filterFields)
}

function save(
  snapshot: Snapshot,
  { save: path = '', quiet }: CheckFlags,
  terminal: Terminal,
): void {
  try {
    writeFileSync(path, snapshotText(snapshot))
  } catch (error) {
    throw new UserError(`${path} cannot be written (${(error as NodeJS.ErrnoException).code})`, {
      hint: 'name a file in a folder that exists',
    })
  }
  if (quiet !== true)
    terminal.stderr.write(
      `wrote ${path}: ${snapshot.totals.requests} requests, ${snapshot.scenarioCount} scenarios\n`,
    )
}
