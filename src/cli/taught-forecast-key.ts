import { createHash } from 'node:crypto'
import type { Evidence } from '../ingest/evidence-table.ts'
import { forecastKey } from '../policy/forecast-key.ts'
import type { Policy } from '../policy/policy.ts'
import { knnAsked, type TrainingPorts } from './train-classifiers.ts'

/**
 * `forecastKey`, which tells apart what the policy's classifiers by neighbours learn from as well: by other evidence they
 * decide otherwise. Throws a UserError for files that hold no scores.
 */
export async function taughtForecastKey(
  policy: Policy,
  evidenceIn: TrainingPorts<never>['evidenceIn'],
): Promise<string> {
  const learned = createHash('sha256')
  const asked = knnAsked(policy)
  for (const [name, { evidence }] of asked) {
    learned.update(JSON.stringify(name))
    for (const line of scoreLines(await evidenceIn(evidence))) learned.update(line)
  }
  const key = forecastKey(policy)
  return asked.length === 0 ? key : `${key} ${learned.digest('base64url')}`
}

/** What decides of evidence, a line for each question. */
function* scoreLines(evidence: Evidence | null): Generator<string> {
  if (evidence === null) return
  const { models, rows, scores } = evidence
  yield JSON.stringify(models)
  for (const [row, { text, replayedBy }] of rows.entries())
    yield JSON.stringify([text, replayedBy === null, scores.map((column) => column[row])])
}
