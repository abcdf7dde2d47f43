import { existsSync, writeFileSync } from 'node:fs'
import { UserError } from '../domain/user-error.ts'
import { answerTextOf } from '../replay/compare.ts'
import type { Measured } from '../replay/measured.ts'
import type { MeasuredSum } from '../replay/measured-sum.ts'
import type { ReplayOptions } from '../replay/replay.ts'
import { pairCsv } from '../report/pair-csv.ts'
import { type BlindPair, blindPairs, type PairWord, wordOf } from '../score/blind-pairs.ts'
import { auditJudge, type JudgeSummary } from '../score/judge-audit.ts'
import type { ScoredPair } from '../score/scorer.ts'
import { sayProblems } from './filled-csv.ts'
import { askPreferences } from './label-preferences.ts'
import type { Narrator } from './narrator.ts'
import { readPairLabels } from './pair-import.ts'
import type { ReplayFlags } from './replay-flags.ts'
import type { Terminal } from './terminal.ts'

/** What people said of a replay's pairs, by case: 1 prefers the candidate; null: they could not tell. */
export type PeopleLabels = ReadonlyMap<string, -1 | 0 | 1 | null>

/** The pairs of a replay as people are shown them. */
const blindPairsOf = (measured: readonly Measured[], secret: string): readonly BlindPair[] =>
  blindPairs(measured.flatMap(pairOf), secret)

function pairOf({ case: each, arms }: Measured): readonly ScoredPair[] {
  const [baseline, candidate] = [answerTextOf(arms.baseline), answerTextOf(arms.candidate)]
  if (baseline === null || candidate === null) return []
  return [{ id: each.id, question: each.question, baseline, candidate }]
}

/** Writes the pairs for people, readable by this user only: they hold prompts and answers. */
function writePairs(path: string, pairs: readonly BlindPair[]): void {
  try {
    writeFileSync(path, pairCsv(pairs), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw new UserError(`${path} cannot be written (${(error as NodeJS.ErrnoException).code})`, {
      hint: 'name another file for --write-pairs',
    })
  }
}

/** Asks for the verdicts that a file has not yet; each is in the file before the next pair is shown. */
async function labelPairs(
  path: string,
  pairs: readonly BlindPair[],
  terminal: Terminal,
): Promise<void> {
  const words = new Map<string, PairWord>()
  const labelled = existsSync(path) ? await readPairLabels(path, pairs, 'llmcost replay') : null
  const [problem] = labelled?.problems ?? []
  if (problem !== undefined) {
    // It is written anew with each verdict: what it says of other answers would be lost.
    throw new UserError(`${problem.problem}, at ${path}:${problem.line}`, {
      hint: 'name another file for --label',
    })
  }
  const known = new Map(labelled?.labels.map(({ id, difference }) => [id, difference]))
  for (const pair of pairs) {
    const difference = known.get(pair.id)
    if (difference !== undefined) words.set(pair.mark, wordOf(pair, difference))
  }
  const rest = pairs.filter(({ mark }) => !words.has(mark))
  await askPreferences(terminal, rest, (_, { mark }, word) => {
    words.set(mark, word)
    writeFileSync(path, pairCsv(pairs, words), { mode: 0o600 })
  })
}

/** Reads what people said; rows that cannot be read are told and left out. */
async function readPeople(
  path: string,
  pairs: readonly BlindPair[],
  narrator: Narrator,
): Promise<PeopleLabels> {
  const { labels, problems } = await readPairLabels(path, pairs, 'llmcost replay --write-pairs')
  sayProblems(path, problems, narrator)
  if (labels.length === 0) {
    throw new UserError(`${path} has no verdict on a pair of this replay`, {
      hint: 'fill the column "verdict" with first, second or tie; answers that were asked anew are other pairs',
    })
  }
  return new Map(labels.map(({ id, difference }) => [id, difference]))
}

/** Where people are the judge: the pairs on which they could tell, with what they said. */
const judgedByPeople = (measured: readonly Measured[], people: PeopleLabels): readonly Measured[] =>
  measured.flatMap((each) => {
    const difference = people.get(each.case.id) ?? null
    return difference === null ? [] : [{ ...each, difference, why: null, reason: null }]
  })

/** How well the judge of a replay does; null where none was asked. */
function auditOf(
  name: string,
  measured: readonly MeasuredSum[],
  people: PeopleLabels | null,
): JudgeSummary | null {
  const judged = measured.flatMap(({ judged: said }) =>
    said === null
      ? []
      : [{ ...said, judged: said.difference, human: people?.get(said.id) ?? null }],
  )
  return judged.length === 0 ? null : auditJudge(name, judged)
}

/** Without a judge it is people who say which answer is better. */
export const isJudgedByPeople = ({ human, label, judge }: ReplayFlags): boolean =>
  (human ?? label) !== undefined && judge === undefined

/** Whether people are to see pairs, or have seen them. */
export const keepsPairs = ({ human, label, writePairs }: ReplayFlags): boolean =>
  (human ?? label ?? writePairs) !== undefined

/** What people see of the pairs, and what they said: the verdict where no judge was asked, else its audit. */
export function peopleOf(
  flags: ReplayFlags,
  secret: string,
  terminal: Terminal,
  narrator: Narrator,
): Pick<ReplayOptions, 'judgeOf' | 'settle'> {
  let people: PeopleLabels | null = null
  return {
    judgeOf: (measured) => auditOf(`judge:${flags.judge}`, measured, people),
    async settle(measured) {
      if (!keepsPairs(flags)) return measured
      const pairs = blindPairsOf(measured, secret)
      if (flags.writePairs !== undefined) {
        writePairs(flags.writePairs, pairs)
        narrator.say(`${flags.writePairs}: fill the column "verdict", then add --human with it`)
      }
      if (flags.label !== undefined) await labelPairs(flags.label, pairs, terminal)
      const verdicts = flags.human ?? flags.label
      if (verdicts === undefined) return measured
      people = await readPeople(verdicts, pairs, narrator)
      return isJudgedByPeople(flags) ? judgedByPeople(measured, people) : measured
    },
  }
}
