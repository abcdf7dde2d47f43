import type { VerdictLookup } from '../domain/stored-verdict.ts'
import type { Judgement } from '../score/verdict.ts'
import type { History } from '../worlds/history.ts'

/** What was said of a hit, by the places of the request and of the one whose answer it was; null: nothing. */
export type Stated = (place: number, owner: number) => Judgement | null

/** Labels of the log decide by themselves; else what a person, or a judge, said of the pair of answers. */
export function openStated(history: History, verdicts: VerdictLookup | null): Stated {
  const keyOf = answerKeys(history)
  return (place, owner) => {
    const labels = [history.label[place] as number, history.label[owner] as number] as const
    if (labels[0] !== -1 && labels[1] !== -1)
      return { verdict: labels[0] === labels[1] ? 'right' : 'wrong', rung: 'label' }
    if (verdicts === null || verdicts.isEmpty) return null
    const [own, served] = [keyOf(place), keyOf(owner)]
    const said = own === null || served === null ? null : verdicts.lookup(served, own)
    if (said === null) return null
    const { verdict, kind, exploratory } = said
    return { verdict, rung: kind, ...(exploratory && { exploratory }) }
  }
}

/** Only these count in a certificate: everything else is an estimate, or was picked and not drawn. */
export const proves = ({ rung, exploratory }: Judgement): boolean =>
  rung === 'label' || (rung === 'human' && exploratory !== true)

/** The store's key of the answer to each request, looked up once; null where it has none. */
export function answerKeys(history: History): (place: number) => string | null {
  const known = new Map<number, string | null>()
  return (place) => {
    const before = known.get(place)
    if (before !== undefined) return before
    const isLogged = history.answer[place] !== -1
    const link = isLogged ? history.lookup.answerOf(history.seq[place] as number) : null
    const key = link?.hash ?? null
    known.set(place, key)
    return key
  }
}
