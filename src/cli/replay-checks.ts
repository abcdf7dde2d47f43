import { existsSync } from 'node:fs'
import type { Warning } from '../domain/report.ts'
import { UserError } from '../domain/user-error.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { Ladder } from '../policy/routing.ts'
import type { ReplayCase } from '../replay/case.ts'
import { familyMember, sameFamilyWarning } from '../score/judge-family.ts'
import type { ReplayFlags } from './replay-flags.ts'
import type { CaseSource } from './replay-log.ts'

export type AskedTargets = {
  readonly sample: readonly ReplayCase[]
  readonly cases: CaseSource
  /** Null: the logged answer is the baseline. */
  readonly baseline: CompiledPolicy | null
  readonly needsAgain: boolean
  /** Models that judge answers. */
  readonly judges: readonly string[]
}

/** Every target that a sample is, or may be, asked of. */
export function targetsOf(asked: AskedTargets): readonly string[] {
  const { sample, cases, baseline, needsAgain, judges } = asked
  const targets = new Set(sample.length === 0 ? [] : judges)
  const addBy = (compiled: CompiledPolicy, each: ReplayCase) => {
    const decision = compiled.routeOf(cases.seenOf(each).facts)
    const ladder = decision.kind === 'routed' ? (decision.ladder ?? []) : []
    for (const target of ladderTargets(ladder)) targets.add(target)
    if (ladder.length === 0) targets.add(each.call.model)
  }
  for (const each of sample) {
    if (each.change !== 'cached') addBy(cases.compiled, each)
    if (baseline !== null) addBy(baseline, each)
    if (needsAgain || (baseline === null && each.logged === null)) targets.add(each.call.model)
  }
  return [...targets].sort()
}

/** Warns of judges that would judge answers of their own family. */
export function familyWarnings(asked: AskedTargets): readonly Warning[] {
  const judged = new Set(targetsOf({ ...asked, judges: [] }))
  // A logged answer is its model's, which may not be asked again.
  for (const { call } of asked.sample) if (asked.baseline === null) judged.add(call.model)
  const members = [...judged].map(familyMember)
  return asked.judges.flatMap((judge) => sameFamilyWarning(familyMember(judge), members) ?? [])
}

/** Of the rungs, and of those that are asked about their answers. */
const ladderTargets = (ladder: Ladder): readonly string[] =>
  ladder.flatMap(({ target, validators }) => [
    target,
    ...validators.flatMap(({ test }) => ('target' in test ? [test.target] : [])),
  ])

/** Files of people's verdicts are read and written when all is paid for: what is wrong with them is said before. */
export function checkPairFiles({ human, writePairs }: ReplayFlags): void {
  if (human !== undefined && !existsSync(human)) {
    throw new UserError(`no such file: ${human}`, {
      hint: 'name the file that llmcost replay --write-pairs wrote',
    })
  }
  if (writePairs !== undefined && existsSync(writePairs)) {
    throw new UserError(`${writePairs} is there already`, {
      hint: 'it may hold verdicts: name another file for --write-pairs',
    })
  }
}
