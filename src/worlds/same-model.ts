import { modelKey } from '../prices/cheaper-elsewhere.ts'
import { readModelName, readTarget } from '../prices/model-name.ts'
import { providerName, providerOfName } from '../prices/provider-name.ts'

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
  if (familyOf(target) !== modelKey(readModelName(model).model)) return false
  const wanted = sellerOf(readTarget(target))
  const seller = sellerOf({ provider: provider ?? undefined, model })
  return wanted === null || seller === null || wanted === seller
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
