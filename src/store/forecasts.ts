import type { Forecast, ForecastScore } from '../domain/forecast.ts'
import { type Database, openDatabase } from './database.ts'

export const forecastTables = `
CREATE TABLE forecasts (policy TEXT PRIMARY KEY, generatedAt TEXT NOT NULL, forecast TEXT NOT NULL) WITHOUT ROWID;
`
/** In the gateway's database: what came of forecasts, one row for each run under a policy. */
export const forecastScoreTables = `
CREATE TABLE forecastScores (policy TEXT NOT NULL, since TEXT NOT NULL, score TEXT NOT NULL, PRIMARY KEY (since, policy)) WITHOUT ROWID;
`

const upsertForecast =
  'INSERT OR REPLACE INTO forecasts (policy, generatedAt, forecast) VALUES (?, ?, ?)'
const selectForecast = 'SELECT forecast FROM forecasts WHERE policy = ?'
const upsertScore = 'INSERT OR REPLACE INTO forecastScores (policy, since, score) VALUES (?, ?, ?)'
const selectScores = 'SELECT score FROM forecastScores ORDER BY since DESC LIMIT ?'
const deleteScores = `DELETE FROM forecastScores
  WHERE since < (SELECT since FROM forecastScores ORDER BY since DESC LIMIT 1 OFFSET ?)`

/** Keeps what a simulation said of a policy, in the place of what an earlier one said. */
export function keepForecast(database: Database, forecast: Forecast): void {
  const { policy, generatedAt } = forecast
  database.prepare(upsertForecast).run(policy, generatedAt, JSON.stringify(forecast))
}

/** Of the store at a path; null where nobody simulated the policy there, or it cannot be read. */
export async function keptForecast(
  path: string,
  driver: string | undefined,
  policy: string,
): Promise<Forecast | null> {
  try {
    const database = await openDatabase(path, { driver, readOnly: true })
    try {
      const kept = database.prepare(selectForecast).get(policy)?.['forecast']
      return typeof kept === 'string' ? (JSON.parse(kept) as Forecast) : null
    } finally {
      database.close()
    }
  } catch {
    // A store that is not there yet, or that an earlier version made, holds none.
    return null
  }
}

/** Runs of the gateway whose scores are kept. */
const keptScoreRows = 1000

/** Keeps what came of a forecast up to now, in the place of what was kept of the same run. */
export function keepForecastScore(database: Database, score: ForecastScore): void {
  database.prepare(upsertScore).run(score.policy, score.from, JSON.stringify(score))
  database.prepare(deleteScores).run(keptScoreRows)
}

/** The newest first. */
export const forecastScores = (database: Database, most: number): readonly ForecastScore[] =>
  database
    .prepare(selectScores)
    .all(most)
    .map(({ score }) => JSON.parse(String(score)) as ForecastScore)
