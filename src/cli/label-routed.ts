import { callOfRequest } from '../dialects/stored-call.ts'
import { type NanoUsd, zeroNanoUsd } from '../domain/money.ts'
import { costTotal } from '../domain/price.ts'
import { keyHash } from '../engine/cache-key.ts'
import { questionOf } from '../engine/question.ts'
import {
  type PairFacts,
  type RoutedPair,
  routedMeasurements,
  routeVerdicts,
} from '../replay/routed-pairs.ts'
import { plural } from '../report/numbers.ts'
import { routeVerdictLines } from '../report/route-verdicts.ts'
import { blindPairs, type PairLabel } from '../score/blind-pairs.ts'
import type { Database } from '../store/database.ts'
import { chargeOfRequest } from '../store/find-requests.ts'
import { putMeasurements, storedMeasurements } from '../store/measurements.ts'
import type { Store } from '../store/store.ts'
import { withExistingStore } from './existing-store.ts'
import { sayProblems } from './filled-csv.ts'
import type { LabelFlags } from './label.ts'
import { askPreferences } from './label-preferences.ts'
import { readPairLabels } from './pair-import.ts'
import { pairsToJudge, readRoutedPairs, refuseSelection } from './routed-pairs.ts'
import { requestReader } from './stored-request.ts'
import type { Terminal } from './terminal.ts'

/** `llmcost label --routed`: asks a person which of two answers is better, who does not know the models. */
export async function labelRouted(
  by: string,
  flags: LabelFlags,
  terminal: Terminal,
): Promise<number> {
  refuseSelection(flags)
  return await withExistingStore(flags, terminal, 'anything', 'write', async (store, narrator) => {
    const pairs = pairsToJudge(store.database, flags.limit, narrator)
    const keep = openKeeper(store, pairs, by)
    await askPreferences(terminal, blindPairs(pairs, store.secret), (label) => keep([label]))
    sayVerdicts(store, by, terminal)
    return 0
  })
}

/** `llmcost label --import` of a file that `llmcost export --routed` wrote. */
export async function importRouted(
  path: string,
  by: string,
  flags: LabelFlags,
  terminal: Terminal,
): Promise<number> {
  return await withExistingStore(flags, terminal, 'anything', 'write', async (store, narrator) => {
    const { pairs } = readRoutedPairs(store.database)
    const blind = blindPairs(pairs, store.secret)
    const { labels, unlabelled, problems } = await readPairLabels(path, blind, writer)
    openKeeper(store, pairs, by)(labels)
    sayProblems(path, problems, narrator)
    terminal.stdout.write(`${summaryOf(labels, unlabelled, problems.length)}\n`)
    sayVerdicts(store, by, terminal)
    return problems.length > 0 && flags.strict === true ? 2 : 0
  })
}

const writer = 'llmcost export --routed'

type Keep = (labels: readonly PairLabel[]) => void

/** Keeps what is said of pairs at once, for simulations and the next command. */
function openKeeper({ database, secret }: Store, pairs: readonly RoutedPair[], by: string): Keep {
  const byId = new Map(pairs.map((pair) => [pair.id, pair]))
  const read = requestReader(database)
  const hash = keyHash(secret)
  const factsOf = ({ seq, freshSeq }: RoutedPair): PairFacts => {
    const request = read(seq)
    const { promptKey = null, questionKey = null } =
      request?.prompt === undefined ? {} : questionOf(request.prompt, hash)
    return {
      promptKey,
      questionKey,
      call: request === null ? null : callOfRequest(request),
      costNanoUsd: ownCost(database, seq),
      strongCostNanoUsd: ownCost(database, freshSeq),
    }
  }
  return (labels) =>
    putMeasurements(
      database,
      labels.flatMap((label) => {
        const pair = byId.get(label.id)
        return pair === undefined ? [] : routedMeasurements(pair, label, by, factsOf(pair))
      }),
    )
}

/** Of the answer alone, without what else was asked on the way to it. */
function ownCost(database: Database, seq: number): NanoUsd | null {
  const { cost } = chargeOfRequest(database, seq)
  return cost === null ? null : costTotal({ ...cost, other: zeroNanoUsd })
}

function summaryOf(labels: readonly PairLabel[], unlabelled: number, problems: number): string {
  const count = (difference: PairLabel['difference']) =>
    labels.filter((label) => label.difference === difference).length
  const parts = [
    `${plural(labels.length, 'verdict')}: ${count(1)} better than the strongest model’s, ${count(0)} as good, ${count(-1)} worse`,
    ...(count(null) > 0 ? [`${count(null)} not settled`] : []),
    ...(unlabelled > 0 ? [`${plural(unlabelled, 'row')} without a verdict`] : []),
    ...(problems > 0 ? [`${plural(problems, 'row')} that could not be read`] : []),
  ]
  return parts.join(', ')
}

/** Only when all is said: before, the name of a route would tell more than a blind pair may. */
function sayVerdicts({ database }: Store, by: string, { stdout }: Terminal): void {
  const { pairs } = readRoutedPairs(database)
  const verdicts = routeVerdicts(pairs, storedMeasurements(database), by)
  for (const line of routeVerdictLines(verdicts)) stdout.write(`${line}\n`)
}
