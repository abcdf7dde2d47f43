import { textOfAnswer } from '../worlds/answer-text.ts'
import type { History } from '../worlds/history.ts'
import type { Questions } from '../worlds/questions.ts'
import { type CacheRun, served } from './cache-run.ts'
import type { Judge } from './judge-hits.ts'
import type { Hit, LabelSample } from './label-sample.ts'
import { answerKeys, proves, type Stated } from './stated-verdicts.ts'

/** A pair of answers that somebody is to be asked about, and a hit that has it. */
export type LabelPair = Hit & {
  readonly servedHash: string
  readonly ownHash: string
  /** Numbers of the requests in the store. */
  readonly request: number
  readonly servedBy: number
  readonly similarity: number
  readonly exploratory: boolean
}

/** What there is to read of a pair; null where no text is kept. */
export type PairTexts = {
  readonly question: string | null
  readonly servedQuestion: string | null
  readonly ownAnswer: string | null
  readonly servedAnswer: string | null
}

/** Drawn pairs that are not settled, each once; those where somebody could not tell come last. */
export function drawnPairs(
  history: History,
  run: CacheRun,
  sample: LabelSample,
  stated: Stated,
): readonly LabelPair[] {
  const asked = sample.drawnOf(run).map((hit) => ({ hit, said: stated(hit.place, hit.owner) }))
  const open = asked.filter(
    ({ said }) => said === null || !proves(said) || said.verdict === 'unsettled',
  )
  const isNew = ({ said }: (typeof open)[number]) => said === null || !proves(said)
  const hits = [...open.filter(isNew), ...open.filter((each) => !isNew(each))]
  return pairsOf(
    history,
    run,
    hits.map(({ hit }) => hit),
    false,
  )
}

/** Pairs of which nobody was asked, the most informative first: unsettled before estimated, then nearest to the threshold. */
export function exploratoryPairs(
  history: History,
  run: CacheRun,
  { judge }: Judge,
): readonly LabelPair[] {
  const hits: (Hit & { readonly isUnsettled: boolean })[] = []
  for (let place = 0; place < history.count; place++) {
    if (run.by[place] !== served.semantic) continue
    const owner = run.owner[place] as number
    const { verdict, rung } = judge(place, owner)
    const isEstimate = rung === 'similarity' || rung === 'guard'
    if (rung !== 'human' && (verdict === 'unsettled' || isEstimate))
      hits.push({ place, owner, isUnsettled: verdict === 'unsettled' })
  }
  const order = (a: (typeof hits)[number], b: (typeof hits)[number]) =>
    Number(b.isUnsettled) - Number(a.isUnsettled) ||
    (run.similarity[a.place] as number) - (run.similarity[b.place] as number) ||
    a.place - b.place
  return pairsOf(history, run, hits.sort(order), true)
}

/** The same two answers once. */
function pairsOf(
  history: History,
  run: CacheRun,
  hits: readonly Hit[],
  exploratory: boolean,
): readonly LabelPair[] {
  const keyOf = answerKeys(history)
  const pairs = new Map<string, LabelPair>()
  for (const { place, owner } of hits) {
    const [ownHash, servedHash] = [keyOf(place), keyOf(owner)]
    if (ownHash === null || servedHash === null) continue
    const key = `${servedHash} ${ownHash}`
    if (pairs.has(key)) continue
    pairs.set(key, {
      place,
      owner,
      servedHash,
      ownHash,
      request: history.seq[place] as number,
      servedBy: history.seq[owner] as number,
      similarity: run.similarity[place] as number,
      exploratory,
    })
  }
  return [...pairs.values()]
}

/** Reads the texts of a pair. */
export const textsOf = (
  history: History,
  questions: Questions,
  { place, owner }: Hit,
): PairTexts => ({
  question: questions.textOf(questions.at[place] as number),
  servedQuestion: questions.textOf(questions.at[owner] as number),
  ownAnswer: textOfAnswer(history, place),
  servedAnswer: textOfAnswer(history, owner),
})
