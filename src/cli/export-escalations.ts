import { writeTuningExample } from '../dialects/fine-tuning.ts'
import type { TuningFormat } from '../domain/tuning-format.ts'
import { UserError } from '../domain/user-error.ts'
import { escalationsOf } from '../replay/escalations.ts'
import { plural } from '../report/numbers.ts'
import { storedMeasurements } from '../store/measurements.ts'
import { withExistingStore } from './existing-store.ts'
import type { ExportFlags } from './export.ts'
import type { Terminal } from './terminal.ts'
import { writeLines } from './write-lines.ts'

/** `llmcost export --escalations`: what cheap models failed, with the right answer, as fine-tuning examples. */
export async function exportEscalations(flags: ExportFlags, terminal: Terminal): Promise<number> {
  refuseFilters(flags)
  return await withExistingStore(flags, terminal, 'anything', 'read', async (store, narrator) => {
    const { examples, withoutText } = escalationsOf(storedMeasurements(store.database))
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
      narrator.say('examples come from replays in which a cheap model failed and another did not')
    }
    return 0
  })
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
  throw new UserError('--escalations exports all that replays found', {
    hint: 'leave out --canonical, --since, --until and --where',
  })
}
