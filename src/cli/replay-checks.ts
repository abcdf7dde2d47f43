import { existsSync } from 'node:fs'
import type { Warning } from '../domain/report.ts'
import { UserError } from '../domain/user-error.ts'
import type { CompiledPolicy } from '../engine/compile-policy.ts'
import type { ReplayCase } from '../replay/case.ts'
import { familyMember, sameFamilyWarning } from '../score/judge-family.ts'
import type { NeighbourClassifiers } from '../worlds/neighbour-classifier.ts'
import { type PlannedArm, plannedRoute } from './planned-route.ts'
import type { ReplayFlags } from './replay-flags.ts'
import type { CaseSource } from './replay-log.ts'
import type { Terminal } from './terminal.ts'

export type AskedBy = {
  readonly cases: CaseSource
  /** Null: the logged answer is the baseline. */
  readonly baseline: CompiledPolicy | null
  /** What the baseline's classifiers have learned. */
  readonly neighbours: NeighbourClassifiers
  readonly needsAgain: boolean
  readonly judgeOf: (each: ReplayCase) => string | null
}

/** Collects who is, or may be, asked about cases. */
export function collectTargets({ cases, baseline, neighbours, needsAgain, judgeOf }: AskedBy): {
  add(each: ReplayCase): void
  readonly all: () => readonly string[]
  /** Of judges that would judge answers of their own family. */
  readonly warnings: () => readonly Warning[]
} {
  const asked = new Set<string>()
  const judges = new Set<string>()
  const answering = new Set<string>()
  const addBy = (arm: PlannedArm, each: ReplayCase) => {
    const { ladder, classifiers } = plannedRoute(cases, arm, each)
    for (const { target } of classifiers) asked.add(target)
    for (const { target, validators } of ladder) {
      answering.add(target)
      for (const { test } of validators) if ('target' in test) asked.add(test.target)
    }
    if (ladder.length === 0) answering.add(each.call.model)
  }
  const logged = new Set<string>()
  return {
    add(each) {
      if (each.change !== 'cached') addBy(cases, each)
      if (baseline !== null) addBy({ compiled: baseline, neighbours }, each)
      if (needsAgain || (baseline === null && each.logged === null)) answering.add(each.call.model)
      if (baseline === null) logged.add(each.call.model)
      const judge = judgeOf(each)
      if (judge !== null) judges.add(judge)
    },
    all: () => [...new Set([...asked, ...answering, ...judges])].sort(),
    warnings() {
      const members = [...new Set([...answering, ...logged])].sort().map(familyMember)
      return [...judges].flatMap((judge) => sameFamilyWarning(familyMember(judge), members) ?? [])
    },
  }
}

/** Files of people's verdicts are read and written when all is paid for: what is wrong with them is said before. */
export function checkPairFiles(
  { human, writePairs, label }: ReplayFlags,
  { stdin }: Pick<Terminal, 'stdin'>,
): void {
  if (label !== undefined && stdin.isTTY !== true) {
    throw new UserError('--label asks at a terminal, and this is none', {
      hint: 'write the pairs with --write-pairs, and read the verdicts with --human',
    })
  }
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
