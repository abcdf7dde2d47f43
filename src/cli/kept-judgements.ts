import { createHash } from 'node:crypto'
import type { Selection } from '../domain/selection.ts'
import { ladderVersion } from '../score/equivalence.ts'
import {
  type JudgingMemory,
  judgingMemoryNames,
  newJudgingMemory,
  readJudgingMemory,
  writeJudgingMemory,
} from '../simulate/judging-memory.ts'
import { storeArrays, storedArrays } from '../store/kept-arrays.ts'
import { writeStillUnchanged } from '../store/snapshot.ts'
import type { OpenLogs } from './logs.ts'
import { packageVersion } from './package-version.ts'

/** What earlier runs found out about the answers of a log, and how to keep what this one adds. */
export type KeptJudgements = { readonly memory: JudgingMemory; keep(): void }

/** So much more makes it worth writing again. */
const worthwhileGrowth = 1.05
/** More pairs are not kept: ten bytes each, beside the longer draws. */
const mostKept = 2_000_000

export function keptJudgements(
  logs: OpenLogs,
  selection: Selection,
  count: number,
): KeptJudgements {
  const { database } = logs.store
  const parts = [packageVersion(), ladderVersion, 'judgements', selection]
  const key = createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
  const stored = storedArrays(database, key, judgingMemoryNames)
  const memory = stored === null ? newJudgingMemory(count) : readJudgingMemory(stored)
  const before = memory.verdicts.size
  return {
    memory,
    keep() {
      const { size } = memory.verdicts
      if (size <= before * worthwhileGrowth || size > mostKept) return
      try {
        writeStillUnchanged(database, logs.snapshot, () =>
          storeArrays(database, key, writeJudgingMemory(memory)),
        )
      } catch {
        // What cannot be kept, be it on a full disk, is only found out again next time.
      }
    },
  }
}
