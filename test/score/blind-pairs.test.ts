import { describe, expect, it } from 'vitest'
import { blindPairs, labelOf } from '../../src/score/blind-pairs.ts'

const pairs = Array.from({ length: 400 }, (_, index) => ({
  id: `case-${index}`,
  question: 'Which city?',
  baseline: `old ${index}`,
  candidate: `new ${index}`,
}))

describe('blind pairs', () => {
  it('have both answers, in the place that the label counts with', () => {
    for (const pair of blindPairs(pairs, 'key')) {
      expect([pair.first.slice(0, 3), pair.second.slice(0, 3)]).toEqual(
        pair.isCandidateFirst ? ['new', 'old'] : ['old', 'new'],
      )
      const better = pair.isCandidateFirst ? 1 : -1
      expect(labelOf(pair, 'first')).toEqual({ id: pair.id, difference: better })
      expect(labelOf(pair, 'second')).toEqual({ id: pair.id, difference: -better })
      expect(labelOf(pair, 'tie').difference).toBe(0)
      expect(labelOf(pair, 'unsettled').difference).toBeNull()
    }
  })

  it('are the same for the same key in whatever order they come, and others for another', () => {
    const once = blindPairs(pairs, 'key')
    expect(blindPairs([...pairs].reverse(), 'key')).toEqual(once)
    const other = blindPairs(pairs, 'another')
    expect(other.map(({ id }) => id)).not.toEqual(once.map(({ id }) => id))
    expect(other.filter(({ mark }) => once.some((each) => each.mark === mark))).toEqual([])
  })

  it('show the candidate first half of the time, whatever mark and row say', () => {
    const shown = blindPairs(pairs, 'key')
    // Four standard deviations of 400 and of 200 fair draws.
    const firsts = (of: typeof shown) =>
      of.filter(({ isCandidateFirst }) => isCandidateFirst).length
    expect(Math.abs(firsts(shown) - 200)).toBeLessThan(40)
    expect(Math.abs(firsts(shown.slice(0, 200)) - 100)).toBeLessThan(29)
    const evenMarks = shown.filter(({ mark }) => Number.parseInt(mark.slice(-1), 16) % 2 === 0)
    expect(Math.abs(firsts(evenMarks) - evenMarks.length / 2)).toBeLessThan(29)
  })

  it('have other marks once an answer is another', () => {
    const [one] = blindPairs(pairs.slice(0, 1), 'key')
    const changed = pairs.slice(0, 1).map((pair) => ({ ...pair, baseline: 'changed' }))
    expect(blindPairs(changed, 'key')[0]?.mark).not.toBe(one?.mark)
    expect(one?.mark).toMatch(/^p[0-9a-f]{16}$/)
    expect(new Set(blindPairs(pairs, 'key').map(({ mark }) => mark)).size).toBe(400)
  })
})
