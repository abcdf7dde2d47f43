import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { screenOf } from '../../src/report/screen.ts'
import {
  type Cursor,
  type Direction,
  type Evaluation,
  explorerLines,
  keyOf,
  moveCursor,
  nextUnknown,
  startCursor,
  stateAt,
} from '../../src/report/simulate-explorer.ts'
import { textWidth } from '../../src/report/text-width.ts'
import { explorerModel as model } from '../support/explorer-model.ts'
import { hostileText } from '../support/hostile-text.ts'

const screenAt = (width: number, rows: number, unicode = true) => ({
  ...screenOf({ width, color: false, unicode }),
  rows,
})

/** Everything that is asked for until nothing is unknown. */
function allKnown(cursor: Cursor, from = model): ReadonlyMap<string, Evaluation> {
  const known = new Map<string, Evaluation>()
  for (;;) {
    const next = nextUnknown(from, cursor, known)
    if (next === undefined) return known
    known.set(keyOf(next), from.evaluate(next))
  }
}

const start = startCursor(model)
const moved = (...directions: Direction[]) =>
  directions.reduce((cursor, direction) => moveCursor(model, cursor, direction), start)

test('it begins at the settings of the policy', () => {
  expect(stateAt(model, start)).toEqual(model.start)
})

test('left is less strict, right is stricter, and both stop at the ends', () => {
  expect(stateAt(model, moved('left')).threshold).toBe(0.9)
  expect(stateAt(model, moved('right')).threshold).toBe(0.95)
  expect(stateAt(model, moved('right', 'right', 'right', 'right')).threshold).toBe(0.99)
})

test('up and down choose the row that left and right change', () => {
  const user = moved('down', 'down', 'right')
  expect(stateAt(model, user)).toEqual({ ...model.start, namespace: 'user' })
  const signals = moved('down', 'down', 'down', 'down', 'down', 'right')
  expect(stateAt(model, signals)).toEqual({ ...model.start, route: 'signals' })
  expect(stateAt(model, moved('down', 'right')).ttlSeconds).toBe(null)
  expect(moved('up', 'up').row).toBe(0)
})

test('any keys lead to settings that the model has', () => {
  const keys = fc.array(fc.constantFrom<Direction>('up', 'down', 'left', 'right'))
  fc.assert(
    fc.property(keys, (directions) => {
      const { threshold, ttlSeconds, namespace, route } = stateAt(model, moved(...directions))
      expect(model.thresholds).toContain(threshold)
      expect(model.ttls).toContain(ttlSeconds)
      expect(model.namespaces).toContain(namespace)
      expect(model.routes).toContain(route)
    }),
  )
})

test('the chosen setting is asked for first, then every other threshold once', () => {
  expect(nextUnknown(model, start, new Map())).toEqual(model.start)
  expect(allKnown(start).size).toBe(model.thresholds.length)
})

describe('the screen', () => {
  test('golden', async () => {
    const lines = explorerLines(model, start, allKnown(start), screenAt(80, 30))
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/simulate-explorer.txt')
  })

  test('figures and pairs follow the settings', () => {
    const cursor = moved('down', 'down', 'down', 'right')
    const text = explorerLines(model, cursor, allKnown(cursor), screenAt(80, 40)).join('\n')
    expect(text).toContain('$52.00 instead of $100.00   saves $48.00 (48%)')
    expect(text).toContain('23% of 40,000 cacheable   exact 1,000   semantic 8,000')
    expect(text).toContain('8.0% – 12% per hit')
    expect(text).toContain('How do I pay at 0.92?')
  })

  test('what nobody judged is unmeasured', () => {
    const cursor = moved('down', 'down', 'right')
    const text = explorerLines(model, cursor, allKnown(cursor), screenAt(80, 40)).join('\n')
    expect(text).toMatch(/wrong +unmeasured/)
  })

  test('before anything is known the settings are there already', () => {
    const text = explorerLines(model, start, new Map(), screenAt(80, 40)).join('\n')
    expect(text).toContain('> threshold')
    expect(text).not.toMatch(/NaN|undefined|null/)
  })

  test('it keeps within the terminal, whatever its size and the texts', () => {
    const size = fc.record({
      width: fc.integer({ min: 40, max: 140 }),
      rows: fc.integer({ min: 6, max: 60 }),
      unicode: fc.boolean(),
    })
    fc.assert(
      fc.property(hostileText(), size, (text, { width, rows, unicode }) => {
        const hostile = {
          ...model,
          namespaces: model.namespaces.map(() => text),
          evaluate: (state: NonNullable<typeof model.start>) => ({
            ...model.evaluate(state),
            pairs: [
              {
                question: text,
                servedQuestion: text,
                similarity: 0.9,
                verdict: 'unsettled' as const,
              },
            ],
          }),
        }
        const cursor = { row: 2, at: [0, 0, 0, 0] }
        const known = allKnown(cursor, hostile)
        const lines = explorerLines(hostile, cursor, known, screenAt(width, rows, unicode))
        expect(lines.length).toBeLessThanOrEqual(rows)
        for (const line of lines) {
          expect(textWidth(line)).toBeLessThanOrEqual(Math.min(120, width))
          expect(line).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u)
          if (!unicode) expect(line).toMatch(/^[\x20-\x7e]*$/)
        }
      }),
      { numRuns: 60 },
    )
  })
})
