import { inTable } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import {
  type ClassifierPreset,
  type ClassifierSettings,
  type Classifiers,
  classifierPresets,
} from '../policy/routing.ts'
import type { Label } from '../policy/when.ts'
import type { Decision } from './classifier.ts'
import { presets } from './presets.ts'
import type { RequestFacts, Surroundings } from './request-facts.ts'

/** Labels that no preset gives, but a model; undefined: it was not asked yet. */
export type AskedLabels = { byModel(name: string, facts: RequestFacts): Label | undefined }

/** A label, what gave it, and whether the world must be asked for it. */
export type Classification =
  | { readonly kind: 'labelled'; readonly decision: Decision }
  | { readonly kind: 'unasked' }

/**
 * What a classifier of the policy, or a preset of that name, says of a request. Whoever abstains
 * says "medium"; a model is asked only where the preset before it abstains, neighbours in evidence always.
 */
export function classify(
  name: string,
  classifiers: Classifiers,
  facts: RequestFacts,
  asked: AskedLabels,
): Classification {
  const settings = settingsOf(name, classifiers)
  if (settings.kind === 'preset') return labelled(byPreset(settings.preset, facts), name)
  // Its question has to be embedded, and not every embedder answers at once.
  if (settings.kind === 'knn') return { kind: 'unasked' }
  const sure = settings.after === null ? null : byPreset(settings.after, facts)
  if (sure !== null) return labelled(sure, name)
  const label = asked.byModel(name, facts)
  return label === undefined ? { kind: 'unasked' } : labelled({ label, by: `${name}.model` }, name)
}

/** The same as facts ask for it. */
export const labelBy =
  (classifiers: Classifiers, asked: AskedLabels): Surroundings['label'] =>
  (name, facts) => {
    const found = classify(name, classifiers, facts, asked)
    return found.kind === 'labelled' ? found.decision.label : 'unasked'
  }

function settingsOf(name: string, classifiers: Classifiers): ClassifierSettings {
  const settings = inTable(classifiers, name)
  if (settings !== undefined) return settings
  const preset = classifierPresets.find((each) => each === name)
  if (preset !== undefined) return { kind: 'preset', preset }
  throw new UserError(`unknown classifier "${name}"`, {
    hint: `name one of "classifiers", or a preset: ${classifierPresets.join(', ')}`,
  })
}

function byPreset(preset: ClassifierPreset, facts: RequestFacts): Decision | null {
  const input = facts.classifierInput()
  return input === null ? null : presets[preset](input)
}

const labelled = (decision: Decision | null, name: string): Classification => ({
  kind: 'labelled',
  decision: decision ?? { label: 'medium', by: `${name}.abstains` },
})
