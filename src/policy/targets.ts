import { isObject } from '../domain/json.ts'
import { type Finding, type Path, valueAt } from './problems.ts'
import { everyUnder, rungsIn } from './references.ts'

/** Whether the price book knows a model, and the nearest one that it knows. */
export type KnownModel = (name: string) => { readonly known: boolean; readonly nearest?: string }

type Target = { readonly path: Path; readonly name: string }

/** Models that a file names and nobody sells: a request that went there would fail, or cost nothing known. */
export function targetFindings(root: unknown, knownModel: KnownModel): readonly Finding[] {
  const own = ownTargets(root)
  return targetsIn(root).flatMap(({ path, name }) => {
    if (tierNames.includes(name) || own.some((isOwn) => isOwn(name))) return []
    const { known, nearest } = knownModel(name)
    if (known) return []
    const hint =
      nearest === undefined
        ? '`llmcost prices` lists every known model; give yours a price under `prices`'
        : `did you mean "${nearest}"? \`llmcost prices\` lists every known model.`
    return [{ path, message: 'unknown model', hint }]
  })
}

const tierNames: readonly string[] = ['small', 'medium', 'large']

function targetsIn(root: unknown): readonly Target[] {
  const rungs = rungsIn(root).flatMap(({ path, value }) =>
    typeof value === 'string' ? [{ path, name: value }] : [],
  )
  const tiers = tierNames.flatMap((tier) => textAt(root, ['tiers', tier]))
  const named = ['target', 'to'].flatMap((key) => everyUnder(root, key))
  const elsewhere = named.flatMap(({ path }) =>
    skipped.includes(String(path[0])) ? [] : textAt(root, path),
  )
  const judge = textAt(root, ['serve', 'audit', 'judge'])
  return [...tiers, ...rungs, ...elsewhere, ...fallbackTargets(root), ...judge]
}

/** These name models that the price book need not know. */
const skipped: readonly string[] = ['prices', 'selfHosted', 'check']

function textAt(root: unknown, path: Path): readonly Target[] {
  const name = valueAt(root, path)
  return typeof name === 'string' && !isTime(path) ? [{ path, name }] : []
}

/** `to` of a time window. */
const isTime = (path: Path): boolean => path.at(-2) === 'time'

function fallbackTargets(root: unknown): readonly Target[] {
  const base: Path = ['failure', 'fallback', 'targets']
  const targets = valueAt(root, base)
  if (!isObject(targets)) return []
  return Object.entries(targets).flatMap(([name, value]) => {
    const path = [...base, name]
    const instead = Array.isArray(value)
      ? value.flatMap((_, index) => textAt(root, [...path, index]))
      : textAt(root, path)
    return [{ path, name }, ...instead]
  })
}

/** Models that the file itself brings along: prices, self-hosted models, providers. */
function ownTargets(root: unknown): readonly ((name: string) => boolean)[] {
  const texts = (list: string, key: string) =>
    everyUnder(valueAt(root, list.split('.')), key)
      .map(({ value }) => value)
      .filter((value) => typeof value === 'string')
  const targets = [...texts('prices', 'target'), ...texts('selfHosted', 'target')]
  const providers = texts('serve.providers', 'name')
  return [
    ...targets.map((target) => (name: string) => isNamedBy(target, name)),
    ...providers.map((provider) => (name: string) => name.startsWith(`${provider}:`)),
  ]
}

const isNamedBy = (target: string, name: string): boolean =>
  target.endsWith('*')
    ? name.startsWith(target.slice(0, -1))
    : name === target || target.endsWith(`:${name}`)
