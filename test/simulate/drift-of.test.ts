import { expect, it } from 'vitest'
import { driftOf } from '../../src/simulate/drift-of.ts'
import { historyOf } from '../support/history.ts'

/** 100 requests; the second half of them has 10 in its first minute and 40 in its last. */
const history = historyOf(
  Array.from({ length: 100 }, (_, place) => ({
    at: place < 60 ? place : 10_000 + place,
    question: place,
  })),
)
const hit = (place: number, verdict: 'right' | 'wrong' | 'unsettled') => ({
  place,
  owner: place - 50,
  judgement: { verdict, rung: verdict === 'unsettled' ? null : ('label' as const) },
})
const window = Array.from({ length: 50 }, (_, at) => at + 50)

it('splits the window at the middle of its time, not of its requests', () => {
  const counted = window.map((place) => hit(place, place < 60 ? 'wrong' : 'right'))
  expect(driftOf(history, counted)).toMatchObject({ first: 1, second: 0, drifted: true })
})

it('splits it at the middle request where the log has no times', () => {
  const counted = window.map((place) => hit(place, place < 60 ? 'wrong' : 'right'))
  const untimed = { ...history, hasTimes: false }
  expect(driftOf(untimed, counted)).toMatchObject({ first: 0.4, second: 0 })
})

it('leaves out what nobody could settle', () => {
  const verdict = (place: number) =>
    place % 2 === 0 ? 'unsettled' : place % 10 === 1 ? 'wrong' : 'right'
  const counted = window.map((place) => hit(place, verdict(place)))
  expect(driftOf(history, counted)).toMatchObject({ first: 0.2, second: 0.2, drifted: false })
  expect(
    driftOf(
      history,
      window.map((place) => hit(place, 'unsettled')),
    ),
  ).toBeNull()
})
