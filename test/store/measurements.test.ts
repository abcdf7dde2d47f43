import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/store/database.ts'
import {
  measuredQuestions,
  putMeasurements,
  storedMeasurements,
} from '../../src/store/measurements.ts'
import { migrate } from '../../src/store/migrations.ts'
import { measurementOf } from '../support/measurements.ts'

async function emptyDatabase() {
  const database = await openDatabase(':memory:')
  migrate(database)
  return database
}

describe('measurements in the store', () => {
  it('come back as they were put, with everything and with nothing known', async () => {
    const database = await emptyDatabase()
    const bare = measurementOf({
      caseId: 'x',
      seq: 7,
      promptKey: 'p',
      score: null,
      output: null,
      question: null,
      call: null,
      costNanoUsd: null,
      inputTokens: null,
      outputTokens: null,
      latencyMs: null,
    })
    putMeasurements(database, [measurementOf(), bare])
    expect(storedMeasurements(database)).toEqual([measurementOf(), bare])
  })

  it('are replaced when the same run measures a case anew, all or none', async () => {
    const database = await emptyDatabase()
    putMeasurements(database, [measurementOf({ score: 0 })])
    putMeasurements(database, [measurementOf({ score: 1 })])
    const broken = measurementOf({ caseId: '#2', scorer: null as unknown as string })
    expect(() => putMeasurements(database, [measurementOf({ score: 0 }), broken])).toThrow()
    expect(storedMeasurements(database).map(({ score }) => score)).toEqual([1])
  })

  it('hold a question to one scorer: the one that measured most models on it', async () => {
    const database = await emptyDatabase()
    const of = (scorer: string, target: string, score: number | null) =>
      measurementOf({ run: scorer, promptKey: 'p', scorer, target, score })
    putMeasurements(database, [
      of('judge:a', 'weak', 0),
      of('judge:a', 'strong', null),
      of('exact', 'weak', 1),
      of('exact', 'strong', 1),
    ])
    const [question, ...others] = measuredQuestions(database)
    expect(others).toEqual([])
    expect(question?.scorer).toBe('exact')
    expect(question?.answers.map(({ target }) => target)).toEqual(['strong', 'weak'])
  })

  it('without keys are one question a case', async () => {
    const database = await emptyDatabase()
    putMeasurements(database, [
      measurementOf({ caseId: 'a', target: 'weak' }),
      measurementOf({ caseId: 'a', target: 'strong' }),
      measurementOf({ caseId: 'b', target: 'weak' }),
    ])
    const found = measuredQuestions(database)
    expect(found.map(({ id, answers }) => [id, answers.length])).toEqual([
      ['r-1 a', 2],
      ['r-1 b', 1],
    ])
  })
})
