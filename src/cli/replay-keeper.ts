import { rightFromScore } from '../domain/measurement.ts'
import type { StoredVerdict } from '../domain/stored-verdict.ts'
import type { Measured } from '../replay/measured.ts'
import { measurementsOf } from '../replay/measurements-of.ts'
import type { ReplayOptions } from '../replay/replay.ts'
import { putMeasurements } from '../store/measurements.ts'
import { openVerdicts } from '../store/verdicts.ts'
import type { CaseSource } from './replay-log.ts'
import type { SessionJob } from './replay-session.ts'

/** So many cases are measured before they are written. */
const writtenAtOnce = 500

/** Keeps what was measured, for simulations to come: scores of models, and a judge's word on answers of a cache. */
export function openKeeper(
  { flags, store, cases }: SessionJob,
  { seed, comparison }: Pick<ReplayOptions, 'seed' | 'comparison'>,
): { add(each: Measured): void; flush(): void } {
  const verdicts = openVerdicts(store.database)
  let waiting: Measured[] = []
  const flush = () => {
    const rows = measurementsOf(waiting, {
      run: seed,
      scorerOf: ({ case: each }) => each.scorer ?? comparison.name,
      keepsText: flags.content === undefined || flags.content === 'full',
    })
    putMeasurements(store.database, rows)
    verdicts.put(waiting.flatMap((each) => verdictOf(each, comparison, cases)))
    waiting = []
  }
  return {
    flush,
    add(each) {
      waiting.push(each)
      if (waiting.length === writtenAtOnce) flush()
    },
  }
}

/** What a judge who saw the logged answer says of a cached one in its place; none where no judge was asked. */
function verdictOf(
  { case: each, scores }: Measured,
  { kind, name }: ReplayOptions['comparison'],
  { answerKeys }: Pick<CaseSource, 'answerKeys'>,
): readonly StoredVerdict[] {
  const keys = each.change === 'cached' ? answerKeys(each) : null
  if (keys === null || kind !== 'agreement' || !name.startsWith('judge:')) return []
  const { candidate } = scores
  const verdict = candidate === null ? 'unsettled' : candidate >= rightFromScore ? 'right' : 'wrong'
  return [{ ...keys, kind: 'judge', by: name, verdict, exploratory: false }]
}
