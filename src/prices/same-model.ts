import { modelKey } from './cheaper-elsewhere.ts'
import { readModelName, readTarget } from './model-name.ts'
import { providerName, providerOfName } from './provider-name.ts'

/** A model as logs, policies and evidence spell it, without its seller: dated and undated ids are one. */
export function familyOf(target: string): string {
  let family = families.get(target)
  if (family === undefined) {
    if (families.size >= keptFamilies) families.clear()
    family = modelKey(readModelName(readTarget(target).model).model)
    families.set(target, family)
  }
  return family
}

/** A log names few models, and asks for each of them with every request. */
const families = new Map<string, string>()
const keptFamilies = 1000

/** Whether a target ("provider:model", or a model of any seller) is the model that a log names. */
export function isSameModel(target: string, provider: string | null, model: string): boolean {
  return (
    familyOf(target) === modelKey(readModelName(model).model) &&
    isSameSeller(target, provider, model)
  )
}

/** Whether a target is sold by the provider that a log names; so it may be where nobody says. */
export function isSameSeller(target: string, provider: string | null, model: string): boolean {
  const wanted = sellerOf(readTarget(target))
  const seller = sellerOf({ provider: provider ?? undefined, model })
  return wanted === null || seller === null || wanted === seller
}

/** Whether two names mean one target, with and without its provider or date. */
export function isSameTarget(name: string, other: string): boolean {
  if (name === other) return true
  const { provider, model } = readTarget(other)
  return isSameModel(name, provider ?? null, model)
}

/** A target with its provider where its model's name tells who that is: "gpt-4o" is "openai:gpt-4o". */
export function fullTarget(target: string): string {
  const { provider, model } = readTarget(target)
  const seller = sellerOf({ provider, model })
  return seller === null ? target : `${seller}:${model}`
}

/** What a table says of a target by its own name, or by another one that means it. */
export function ofTarget<T>(table: Readonly<Record<string, T>>, target: string): T | undefined {
  if (Object.hasOwn(table, target)) return table[target]
  const name = Object.keys(table).find((each) => isSameTarget(each, target))
  return name === undefined ? undefined : table[name]
}

/** Null where nobody says. */
function sellerOf({
  provider,
  model,
}: {
  readonly provider?: string | undefined
  readonly model: string
}): string | null {
  const named = providerName(provider)
  if (named !== undefined) return named
  const name = readModelName(model)
  return name.provider ?? providerOfName(name.model) ?? null
}
