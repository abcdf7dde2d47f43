import { plural } from '../report/numbers.ts'
import { pairCsv } from '../report/pair-csv.ts'
import { blindPairs } from '../score/blind-pairs.ts'
import { withExistingStore } from './existing-store.ts'
import type { ExportFlags } from './export.ts'
import { pairsToJudge, refuseSelection } from './routed-pairs.ts'
import type { Terminal } from './terminal.ts'
import { writeNew } from './write-new.ts'
import { writeOut } from './write-out.ts'

/**
 * `llmcost export --routed`: answers that a gateway gave by cheaper models beside the strongest model's, in places and an
 * order that tell nothing, for people to judge; `llmcost label --import` reads them back.
 */
export async function exportRouted(flags: ExportFlags, terminal: Terminal): Promise<number> {
  refuseSelection(flags)
  return await withExistingStore(flags, terminal, 'anything', 'read', async (store, narrator) => {
    const pairs = blindPairs(pairsToJudge(store.database, flags.limit, narrator), store.secret)
    if (pairs.length === 0) return 0
    if (flags.out === undefined) await writeOut(terminal.stdout, pairCsv(pairs))
    else writeNew(flags.out, pairCsv(pairs))
    const where = flags.out === undefined ? '' : ` written to ${flags.out}`
    narrator.say(
      `${plural(pairs.length, 'pair')}${where}: fill in the column verdict with first, second or tie, then llmcost label --import FILE`,
    )
    return 0
  })
}
