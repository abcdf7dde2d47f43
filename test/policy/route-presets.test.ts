import { describe, expect, it } from 'vitest'
import { presetRoute } from '../../src/policy/route-presets.ts'
import type { Ladder, RoutePresetName } from '../../src/policy/routing.ts'

/** The models of each label. */
function targetsOf(preset: RoutePresetName): Record<string, string[]> {
  const { to } = presetRoute(preset)
  if (to.kind !== 'classifier') throw new Error(`${preset} asks no classifier`)
  expect(to.classifier).toBe(preset)
  const targets = (ladder: Ladder) => ladder.map(({ target }) => target)
  return Object.fromEntries(
    Object.entries(to.ladders).map(([label, ladder]) => [label, targets(ladder)]),
  )
}

describe('the route of a preset', () => {
  it.each(['length', 'signals', 'keywords'] as const)('sends by %s to the tiers', (preset) => {
    expect(targetsOf(preset)).toEqual({ simple: ['small'], medium: ['medium'], hard: ['large'] })
  })

  it('sends three ways to one vendor or another', () => {
    expect(targetsOf('three-way')).toEqual({
      simple: ['openai:gpt-4o-mini'],
      medium: ['anthropic:claude-haiku-4-5'],
      hard: ['openai:gpt-4o'],
    })
  })

  it('gives the cheapest of the cascade 8 s, and the strong model 20 s to answer anything', () => {
    const { to } = presetRoute('cascade')
    expect(to).toMatchObject({
      kind: 'ladder',
      ladder: [
        { target: 'small', timeoutMs: 8000 },
        { target: 'large', timeoutMs: 20_000, validators: [] },
      ],
    })
  })
})
