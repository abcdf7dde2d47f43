import { describe, expect, test } from 'vitest'
import {
  certifiedText,
  formatPoints,
  formatShareRange,
  formatThreshold,
  formatTtl,
  headlineOf,
  simulatedPeriod,
  simulateNotes,
} from '../../src/report/simulate-phrases.ts'
import type { Certified } from '../../src/simulate/result.ts'
import { emptySimulateResult, richSimulateResult } from '../support/simulate-result.ts'

test.each([
  [0.92, '0.92'],
  [0.9, '0.90'],
  [0.925, '0.925'],
  [0.30000000000000004, '0.30'],
  [1, '1.00'],
])('the threshold %s is written %s', (threshold, text) => {
  expect(formatThreshold(threshold)).toBe(text)
})

test.each([
  [null, 'without end'],
  [86_400, '1 day'],
  [2_592_000, '30 days'],
  [5_400, '90 minutes'],
  [3_600, '1 hour'],
  [0.5, '0.5 seconds'],
  [0, '0 seconds'],
])('a time to live of %s seconds is %s', (seconds, text) => {
  expect(formatTtl(seconds)).toBe(text)
})

test.each([
  [0.0182, '+1.8'],
  [-0.0182, '-1.8'],
  [-0.0001, '0.0'],
  [0, '0.0'],
])('a difference of %s is %s points', (delta, text) => {
  expect(formatPoints(delta)).toBe(text)
})

test('a range whose ends read alike is one figure', () => {
  expect(formatShareRange({ low: 0.02, high: 0.034 })).toBe('2.0% – 3.4%')
  expect(formatShareRange({ low: 0.12, high: 0.1201 })).toBe('12%')
})

test('a period of part of a day counts as one', () => {
  const rich = richSimulateResult()
  const period = { from: '2026-10-01T08:00:00Z', to: '2026-10-01T09:00:00Z', days: 0.04 }
  expect(simulatedPeriod({ ...rich, period })).toBe('2026-10-01 (1 day)')
  expect(simulatedPeriod(emptySimulateResult())).toBe('No period')
})

test('a request without a price is not free wherever it is sent', () => {
  expect(simulateNotes(richSimulateResult())[0]).toBe(
    '1,652 requests without a price: $0 where they are as logged, the price of the other model where a route or a baseline sends them there',
  )
})

test('a baseline that cost nothing has no share to save', () => {
  const { saved } = headlineOf(emptySimulateResult())
  expect(saved).toEqual(['$0', 'saved'])
})

describe('the certificate', () => {
  const none: Certified = {
    threshold: null,
    alpha: 0.01,
    confidence: 0.95,
    labels: 120,
    errors: 1,
    labelsNeeded: 187,
    advice: '',
    thisLog: null,
    randomSplit: null,
  }

  test.each<[string, Partial<Certified>, string]>([
    [
      'says how many labels are missing',
      {},
      'not certified (120 labels, 1 wrong): 187 more labels',
    ],
    ['leaves out what nobody knows', { labelsNeeded: null }, 'not certified (120 labels, 1 wrong)'],
    [
      'passes advice on',
      { advice: 'label more' },
      'not certified (120 labels, 1 wrong): label more',
    ],
    [
      'says only that none was asked for',
      { alpha: null, labels: 0, advice: 'none asked' },
      'none asked',
    ],
    [
      'names the threshold, the limit and the labels',
      { threshold: 0.94 },
      '0.94 is certified, wrong hits below 1.0% with 95% confidence (120 labels, 1 wrong)',
    ],
    [
      'adds the labels to the words',
      { threshold: 0.94, advice: '0.94 holds' },
      '0.94 holds (120 labels, 1 wrong)',
    ],
  ])('%s', (_name, changes, text) => {
    expect(certifiedText({ ...none, ...changes })).toBe(text)
  })
})
