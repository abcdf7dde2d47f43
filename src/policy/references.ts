import { isObject } from '../domain/json.ts'
import { embeddersAlone, embeddersOfModels } from './embedders.ts'
import { isLoopback } from './is-loopback.ts'
import { type Finding, formatPath, type Nearest, type Path, valueAt } from './problems.ts'
import { classifierPresets } from './routing.ts'

/**
 * Names that lead nowhere, stand twice, or contradict each other. Looks at the file as it was read,
 * so that these problems are found beside those of its form, in one run.
 */
export function referenceFindings(root: unknown, nearest: Nearest): readonly Finding[] {
  const context = { root, nearest }
  return [
    ...ladderFindings(context),
    ...validatorFindings(context),
    ...classifierFindings(context),
    ...embedderFindings(context),
    ...lengthFindings(context),
    ...twiceFindings(context),
    ...keyIgnoreFindings(context),
    ...serveFindings(context),
    ...gatewayKeyFindings(context),
    ...canaryFindings(context),
  ]
}

type Context = { readonly root: unknown; readonly nearest: Nearest }
type Found = { readonly path: Path; readonly value: unknown }

const listAt = (root: unknown, path: Path): readonly Found[] => {
  const list = valueAt(root, path)
  if (!Array.isArray(list)) return []
  return list.map((value: unknown, index) => ({ path: [...path, index], value }))
}

const membersAt = (root: unknown, path: Path): readonly Found[] => {
  const members = valueAt(root, path)
  if (!isObject(members)) return []
  return Object.entries(members).map(([key, value]) => ({ path: [...path, key], value }))
}

const keysAt = (root: unknown, path: Path): readonly string[] =>
  membersAt(root, path).map(({ path: at }) => String(at.at(-1)))

/** Everything under a key of this name, however deep. */
export function everyUnder(root: unknown, key: string, path: Path = []): readonly Found[] {
  if (Array.isArray(root))
    return root.flatMap((each: unknown, index) => everyUnder(each, key, [...path, index]))
  if (!isObject(root)) return []
  return Object.entries(root).flatMap(([name, value]) => [
    ...(name === key ? [{ path: [...path, name], value }] : []),
    ...everyUnder(value, key, [...path, name]),
  ])
}

/** The ladders of routes: names, or lists of rungs. */
const laddersOfRoutes = (root: unknown): readonly Found[] =>
  listAt(root, ['routes']).flatMap(({ path }) => [
    { path: [...path, 'ladder'], value: valueAt(root, [...path, 'ladder']) },
    ...membersAt(root, [...path, 'ladders']),
  ])

/** Every rung there is, named ladders first. */
export const rungsIn = (root: unknown): readonly Found[] =>
  [...membersAt(root, ['ladders']), ...laddersOfRoutes(root)].flatMap(({ path }) =>
    listAt(root, path),
  )

function unknownName(found: Found, what: string, known: readonly string[], { nearest }: Context) {
  const name = String(found.value)
  const near = nearest(name, known)
  const there = known.length === 0 ? `there are no ${what}s` : `${what}s: ${known.join(', ')}`
  return {
    path: found.path,
    message: `names no ${what}`,
    hint: near === null ? there : `did you mean "${near}"?`,
  }
}

function ladderFindings(context: Context): readonly Finding[] {
  const known = keysAt(context.root, ['ladders'])
  return laddersOfRoutes(context.root)
    .filter(({ value }) => typeof value === 'string' && !known.includes(value))
    .map((found) => unknownName(found, 'ladder', known, context))
}

/** Those of rungs: their names, or what they are. */
const validatorsOfRungs = (root: unknown): readonly Found[] =>
  rungsIn(root).flatMap(({ path }) => listAt(root, [...path, 'validators']))

export const validatorNamesIn = (root: unknown): readonly Found[] =>
  validatorsOfRungs(root).filter(({ value }) => typeof value === 'string')

function validatorFindings(context: Context): readonly Finding[] {
  const known = keysAt(context.root, ['validators'])
  return validatorNamesIn(context.root)
    .filter(({ value }) => !known.includes(String(value)))
    .map((found) => unknownName(found, 'validator', known, context))
}

export const classifierNamesIn = (root: unknown): readonly Found[] =>
  everyUnder(root, 'classifier').filter(({ value }) => typeof value === 'string')

const presetNames: readonly string[] = classifierPresets

function classifierFindings(context: Context): readonly Finding[] {
  const own = keysAt(context.root, ['classifiers'])
  const known = [...own, ...presetNames]
  const taken = own
    .filter((name) => presetNames.includes(name))
    .map((name) => ({
      path: ['classifiers', name],
      message: 'has the name of a preset',
      hint: `give it another name than ${presetNames.join(', ')}`,
    }))
  const unknown = classifierNamesIn(context.root)
    .filter(({ value }) => !known.includes(String(value)))
    .map((found) => unknownName(found, 'classifier', known, context))
  return [...taken, ...unknown]
}

function embedderFindings({ root, nearest }: Context): readonly Finding[] {
  const classifiers = membersAt(root, ['classifiers']).map(({ path }) => [...path, 'embedder'])
  const known = [...embeddersAlone, ...embeddersOfModels.map((kind) => `${kind}:MODEL`)]
  return [['cache', 'semantic', 'embedder'], ...classifiers].flatMap((path) => {
    const name = valueAt(root, path)
    if (typeof name !== 'string' || isEmbedder(name)) return []
    const near = nearest(name, embeddersAlone)
    const meant = near === null ? '' : `did you mean "${near}"? `
    return [{ path, message: 'names no embedder', hint: `${meant}embedders: ${known.join(', ')}` }]
  })
}

/** A model's name may hold colons of its own. */
function isEmbedder(name: string): boolean {
  const [kind = '', ...model] = name.split(':')
  return model.join(':') === '' ? embeddersAlone.includes(name) : embeddersOfModels.includes(kind)
}

function lengthFindings({ root }: Context): readonly Finding[] {
  const validators = [...membersAt(root, ['validators']), ...validatorsOfRungs(root)]
  return validators.flatMap(({ path, value }) => {
    if (!isObject(value) || value['kind'] !== 'length') return []
    const { min, max } = value
    if (typeof min !== 'number' || typeof max !== 'number' || min <= max) return []
    return [{ path, message: 'is met by no answer', hint: 'its bounds exclude each other' }]
  })
}

/** Lists whose members are known by a name. */
const namedLists: readonly Path[] = [
  ['cache', 'rules'],
  ['routes'],
  ['budgets'],
  ['compress'],
  ['batch'],
  ['outputCap'],
  ['serve', 'providers'],
  ['serve', 'keys'],
]

const twiceFindings = ({ root }: Context): readonly Finding[] =>
  namedLists.flatMap((list) => {
    const first = new Map<string, Path>()
    return listAt(root, list).flatMap(({ path }) => {
      const name = valueAt(root, [...path, 'name'])
      if (typeof name !== 'string') return []
      const before = first.get(name)
      if (before === undefined) {
        first.set(name, path)
        return []
      }
      const hint = `${formatPath(before)} has that name; its numbers would be mixed with these`
      return [{ path: [...path, 'name'], message: 'stands twice', hint }]
    })
  })

/** The document version is in every key, whatever the namespace. */
function keyIgnoreFindings({ root }: Context): readonly Finding[] {
  const namespace = [valueAt(root, ['cache', 'namespace'])].flat()
  return listAt(root, ['cache', 'keyIgnore']).flatMap(({ path }) => {
    const at = [...path, 'coveredBy']
    const field = valueAt(root, at)
    if (typeof field !== 'string' || field === 'documentVersion') return []
    if (namespace.includes(field)) return []
    return [
      {
        path: at,
        message: 'is not in the namespace: requests that differ in it would share answers',
        hint: `add ${field} to cache.namespace, or cover it by documentVersion`,
      },
    ]
  })
}

/** A key is kept in one place. */
const gatewayKeyFindings = ({ root }: Context): readonly Finding[] =>
  listAt(root, ['serve', 'keys']).flatMap(({ path, value }) => {
    if (!isObject(value) || (value['env'] === undefined) !== (value['sha256'] === undefined))
      return []
    return [
      {
        path,
        message: value['env'] === undefined ? 'has no key' : 'has two keys',
        hint: 'write either `env`, the variable that holds the key, or `sha256`, its hash',
      },
    ]
  })

const canaryFindings = ({ root }: Context): readonly Finding[] => {
  const shadow = listAt(root, ['serve', 'shadow']).map(({ value }) => value)
  return listAt(root, ['serve', 'canary', 'layers'])
    .filter(({ value }) => shadow.includes(value))
    .map(({ path, value }) => ({
      path,
      message: 'is in the shadow for everybody',
      hint: `take ${String(value)} out of serve.shadow: those who are no canaries only watch it`,
    }))
}

function serveFindings({ root }: Context): readonly Finding[] {
  const host = valueAt(root, ['serve', 'host'])
  if (typeof host !== 'string' || isLoopback(host)) return []
  if (listAt(root, ['serve', 'keys']).length > 0) return []
  return [
    {
      path: ['serve', 'host'],
      message: 'is open to others, who need keys',
      hint: 'add serve.keys, e.g. "- { name: team-a, env: TEAM_A_KEY }", or take 127.0.0.1',
    },
  ]
}
