import type { Call } from '../domain/call.ts'
import type { MeasuredQuestion, Measurement } from '../domain/measurement.ts'
import type { NanoUsd } from '../domain/money.ts'
import type { Database, SqlRow } from './database.ts'

const upsertMeasurement = `INSERT OR REPLACE INTO measurements (run, caseId, target, seq, promptKey, questionKey, scorer,
  score, output, question, call, costNanoUsd, inputTokens, outputTokens, latencyMs)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const selectMeasurements = 'SELECT * FROM measurements ORDER BY run, caseId, target'

/** Keeps what a replay measured, all or none; measured anew in the same run, a case's answer replaces the earlier. */
export function putMeasurements(database: Database, measurements: readonly Measurement[]): void {
  const upsert = database.prepare(upsertMeasurement)
  database.transaction(() => {
    for (const each of measurements) {
      upsert.run(
        each.run,
        each.caseId,
        each.target,
        each.seq,
        each.promptKey,
        each.questionKey,
        each.scorer,
        each.score,
        each.output,
        each.question,
        each.call === null ? null : JSON.stringify(each.call),
        each.costNanoUsd,
        each.inputTokens,
        each.outputTokens,
        each.latencyMs,
      )
    }
  })
}

/** All that replays measured, by run, case and target. */
export const storedMeasurements = (database: Database): readonly Measurement[] =>
  database.prepare(selectMeasurements).all().map(readMeasurement)

/**
 * What replays measured, by question. A question is held to one scorer, as scores of different ones are not comparable:
 * the one by which most models were measured on it, of equal ones the first by name.
 */
export function measuredQuestions(database: Database): readonly MeasuredQuestion[] {
  const byName = new Map<string, Measurement[]>()
  for (const measurement of storedMeasurements(database)) {
    if (measurement.score === null) continue
    const name = questionName(measurement)
    const list = byName.get(name)
    if (list === undefined) byName.set(name, [measurement])
    else list.push(measurement)
  }
  return [...byName.values()].map(byOneScorer)
}

/** A question without keys is known by its case alone. */
const questionName = ({ run, caseId, promptKey }: Measurement): string =>
  promptKey ?? `${run}\n${caseId}`

function byOneScorer(measured: readonly Measurement[]): MeasuredQuestion {
  const modelsBy = (scorer: string) =>
    new Set(measured.filter((each) => each.scorer === scorer).map(({ target }) => target)).size
  const scorers = [...new Set(measured.map(({ scorer }) => scorer))].sort()
  const scorer = scorers.reduce((a, b) => (modelsBy(b) > modelsBy(a) ? b : a))
  const answers = measured.filter((each) => each.scorer === scorer)
  const { promptKey, questionKey, run, caseId } = answers[0] as Measurement
  return {
    id: promptKey === null ? `${run} ${caseId}` : null,
    promptKey,
    questionKey,
    text: answers.find(({ question }) => question !== null)?.question ?? null,
    scorer,
    answers,
  }
}

const readMeasurement = (row: SqlRow): Measurement => ({
  run: String(row['run']),
  caseId: String(row['caseId']),
  target: String(row['target']),
  seq: numberIn(row, 'seq'),
  promptKey: textIn(row, 'promptKey'),
  questionKey: textIn(row, 'questionKey'),
  scorer: String(row['scorer']),
  score: numberIn(row, 'score'),
  output: textIn(row, 'output'),
  question: textIn(row, 'question'),
  call: row['call'] === null ? null : (JSON.parse(String(row['call'])) as Call),
  costNanoUsd: numberIn(row, 'costNanoUsd') as NanoUsd | null,
  inputTokens: numberIn(row, 'inputTokens'),
  outputTokens: numberIn(row, 'outputTokens'),
  latencyMs: numberIn(row, 'latencyMs'),
})

const textIn = (row: SqlRow, name: string): string | null =>
  row[name] == null ? null : String(row[name])

const numberIn = (row: SqlRow, name: string): number | null =>
  row[name] == null ? null : Number(row[name])
