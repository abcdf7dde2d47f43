import { expect, test } from 'vitest'
import { report, usd } from '../support/analyze-source.ts'

test('the questions asked most often, ten at most, each more than once', () => {
  const ask = (question: string, times: number) =>
    Array.from({ length: times }, () => ({ question, costs: { input: usd(1) } }))
  const log = [
    ...ask('once', 1),
    ...Array.from({ length: 11 }, (_, index) => ask(`q${index}`, index + 2)).flat(),
    ...ask(`long ${'x'.repeat(300)}`, 20),
    {},
  ]
  const { topRepeated } = report(log)
  expect(topRepeated.map(({ count }) => count)).toEqual([20, 12, 11, 10, 9, 8, 7, 6, 5, 4])
  expect(topRepeated[0]?.text).toHaveLength(200)
  expect(topRepeated[1]).toEqual({ text: 'q10', count: 12, costUsd: 12 })
})

test('models that answered in place of the one asked for', () => {
  const log = [
    { requestedModel: 'a', model: 'b' },
    { requestedModel: 'a', model: 'b' },
    { requestedModel: 'a', model: 'a' },
    { model: 'b' },
  ]
  expect(report(log).intendedVsActual).toEqual([
    { requestedModel: 'a', answeredModel: 'b', requests: 2 },
  ])
})
