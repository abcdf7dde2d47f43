import { writeTuningExample } from '../dialects/fine-tuning.ts'
import { callOfRequest } from '../dialects/stored-call.ts'
import type { TuningFormat } from '../domain/tuning-format.ts'
import { UserError } from '../domain/user-error.ts'
import { escalationsOf, mergeEscalations } from '../replay/escalations.ts'
import { type LiveRequest, liveEscalations } from '../replay/live-escalations.ts'
import { plural } from '../report/numbers.ts'
import { requestsWithAttempts } from '../store/attempts.ts'
import type { Database } from '../store/database.ts'
import { storedMeasurements } from '../store/measurements.ts'
import { withExistingStore } from './existing-store.ts'
import type { ExportFlags } from './export.ts'
import { requestReader } from './stored-request.ts'
import type { Terminal } from './terminal.ts'
import { writeLines } from './write-lines.ts'

/**
 * `llmcost export --escalations`: what cheap models failed, in replays or behind a gateway, with the right answer, as
 * fine-tuning examples.
 */
export async function exportEscalations(flags: ExportFlags, terminal: Terminal): Promise<number> {
  refuseFilters(flags)
  return await withExistingStore(flags, terminal, 'anything', 'read', async (store, narrator) => {
    const { database } = store
    const { examples, withoutText } = mergeEscalations(
      escalationsOf(storedMeasurements(database)),
      liveEscalations(liveRequests(database)),
    )
    const { lines, refused } = linesOf(examples, flags.format ?? 'openai')
    await writeLines(lines, flags.out, terminal)
    narrator.say(
      `${plural(lines.length, 'example')}${flags.out === undefined ? '' : ` written to ${flags.out}`}`,
    )
    for (const [why, count] of refused) narrator.say(`${plural(count, 'case')} left out: ${why}`)
    if (withoutText > 0) {
      narrator.say(`${plural(withoutText, 'case')} left out: the text is not kept, or is no text`)
    }
    if (examples.length === 0) {
      narrator.say(
        'examples come from replays and from a gateway, where a cheap model failed and another did not',
      )
    }
    return 0
  })
}

function* liveRequests(database: Database): Generator<LiveRequest> {
  const read = requestReader(database)
  for (const seq of requestsWithAttempts(database)) {
    const request = read(seq)
    if (request !== null) yield { call: callOfRequest(request), attempts: request.attempts ?? [] }
  }
}

function linesOf(examples: ReturnType<typeof escalationsOf>['examples'], format: TuningFormat) {
  const lines: string[] = []
  const refused = new Map<string, number>()
  for (const { call, answer } of examples) {
    const example = writeTuningExample(format, call, answer)
    if (typeof example === 'string') refused.set(example, (refused.get(example) ?? 0) + 1)
    else lines.push(JSON.stringify(example))
  }
  return { lines, refused }
}

function refuseFilters({ since, until, where, canonical }: ExportFlags): void {
  if (since === undefined && until === undefined && where === undefined && canonical !== true)
    return
  throw new UserError('--escalations exports all that there is', {
    hint: 'leave out --canonical, --since, --until and --where',
  })
}
