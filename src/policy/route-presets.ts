import type { Ladder, Route, RoutePresetName, Rung, Validator } from './routing.ts'
import type { Label } from './when.ts'

/** A rung that takes any answer, in the time its class gives. */
const rung = (target: string): Rung => ({ target, validators: [], timeoutMs: null })

/** Where a label leads where the file does not say. */
export const tierLadders: Readonly<Record<Label, Ladder>> = {
  simple: [rung('small')],
  medium: [rung('medium')],
  hard: [rung('large')],
}

const enforced = { mode: 'enforce', maxFalsePassRate: 0.03 } as const

/** At least 50 characters, and no "I'm not sure" in an answer under 200. */
const adequate: readonly Validator[] = [
  { name: 'adequate-length', ...enforced, test: { kind: 'length', min: 50, max: null } },
  {
    name: 'adequate-hedge',
    ...enforced,
    test: { kind: 'hedge', phrases: ["I'm not sure", 'I am not sure'], belowCharacters: 200 },
  },
]

const cascade: Ladder = [
  { target: 'small', validators: adequate, timeoutMs: 8000 },
  { target: 'large', validators: [], timeoutMs: 20_000 },
]

/** "Claude Haiku" is the newest of that name in the bundled prices. */
const threeWay: Readonly<Record<Label, Ladder>> = {
  simple: [rung('openai:gpt-4o-mini')],
  medium: [rung('anthropic:claude-haiku-4-5')],
  hard: [rung('openai:gpt-4o')],
}

/** The route that a preset's name stands for. */
export function presetRoute(preset: RoutePresetName): Route {
  const base = { name: preset, when: {} }
  switch (preset) {
    case 'cascade':
      return { ...base, to: { kind: 'ladder', ladder: cascade } }
    case 'three-way':
      return { ...base, to: { kind: 'classifier', classifier: preset, ladders: threeWay } }
    case 'length':
    case 'signals':
    case 'keywords':
      return { ...base, to: { kind: 'classifier', classifier: preset, ladders: tierLadders } }
  }
}
