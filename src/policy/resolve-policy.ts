import { isDeepStrictEqual } from 'node:util'
import { inTable } from '../domain/json.ts'
import type { CachePolicy, CacheRule } from './caching.ts'
import { defaultRules } from './default-rules.ts'
import type { FileCache, FileCacheRule } from './file-caching.ts'
import type { FilePolicy } from './file-policy.ts'
import type { FileLadder, FileRoute } from './file-routing.ts'
import type { FileValidator } from './file-validators.ts'
import type { Budget } from './governance.ts'
import type { Policy } from './policy.ts'
import { presetRoute, tierLadders } from './route-presets.ts'
import {
  type Ladder,
  type Route,
  type RouteChoice,
  routePresetNames,
  type Validator,
} from './routing.ts'

/**
 * What a file means: ladders and validators in place of their names, presets spelt out, a name for
 * everything. Names that lead nowhere are found before (references.ts); here they lead to nothing.
 */
export function resolvePolicy(file: FilePolicy): Policy {
  const { ladders: _, validators: __, ...rest } = file
  return {
    ...rest,
    cache: resolveCache(file.cache),
    routes: file.routes.map((route, index) => resolveRoute(route, index, file)),
    budgets: file.budgets.map(namedBudget),
    compress: named(file.compress, 'compress'),
    batch: named(file.batch, 'batch'),
    outputCaps: named(file.outputCaps, 'outputCap'),
    check: {
      ...file.check,
      assertions: file.check.assertions.map(({ name, ...each }) => ({
        ...each,
        name: name ?? each.metric,
      })),
    },
  }
}

/** A policy as a file could hold it. */
export function filedPolicy(policy: Policy): FilePolicy {
  return {
    ...policy,
    cache: filedCache(policy.cache),
    routes: policy.routes.map(filedRoute),
    ladders: {},
    validators: {},
  }
}

type Named<T> = Omit<T, 'name'> & { readonly name: string }

function named<T extends { readonly name?: string }>(
  list: readonly T[],
  section: string,
): readonly Named<T>[] {
  return list.map((each, index) => ({ ...each, name: each.name ?? `${section} ${index + 1}` }))
}

const namedBudget = (budget: FilePolicy['budgets'][number]): Budget => ({
  ...budget,
  name: budget.name ?? `${budget.scope} per ${budget.window}`,
})

function resolveCache({ defaultRules: hasDefaults, preset: _, ...cache }: FileCache): CachePolicy {
  const own: readonly CacheRule[] = named(cache.rules, 'rule')
  return { ...cache, rules: hasDefaults ? [...defaultsBeside(own), ...own] : own }
}

/** A rule of the file takes the place of the default of its name. */
const defaultsBeside = (own: readonly FileCacheRule[]): readonly CacheRule[] =>
  defaultRules.filter(({ name }) => !own.some((rule) => rule.name === name))

function filedCache({ rules, ...cache }: CachePolicy): FileCache {
  const own = rules.filter((rule) => !defaultRules.includes(rule))
  const before = defaultsBeside(own)
  const isAsByDefault =
    before.length + own.length === rules.length &&
    before.every((rule, index) => rules[index] === rule)
  return { ...cache, defaultRules: isAsByDefault, rules: isAsByDefault ? own : rules }
}

function resolveRoute(route: FileRoute, index: number, file: FilePolicy): Route {
  if (route.preset !== undefined) {
    const preset = presetRoute(route.preset)
    return { ...preset, name: route.name ?? preset.name, when: route.when }
  }
  return {
    name: route.name ?? `route ${index + 1}`,
    when: route.when,
    to: choiceOf(route, file),
  }
}

function choiceOf(route: FileRoute, file: FilePolicy): RouteChoice {
  if (route.ladder !== undefined)
    return { kind: 'ladder', ladder: resolveLadder(route.ladder, file) }
  if (route.classifier === undefined) return { kind: 'default' }
  const { simple, medium, hard } = route.ladders ?? {}
  const ladderOf = (given: FileLadder | undefined, otherwise: Ladder) =>
    given === undefined ? otherwise : resolveLadder(given, file)
  return {
    kind: 'classifier',
    classifier: route.classifier,
    ladders: {
      simple: ladderOf(simple, tierLadders.simple),
      medium: ladderOf(medium, tierLadders.medium),
      hard: ladderOf(hard, tierLadders.hard),
    },
  }
}

function resolveLadder(ladder: FileLadder, file: FilePolicy): Ladder {
  const rungs = typeof ladder === 'string' ? (inTable(file.ladders, ladder) ?? []) : ladder
  return rungs.map((rung) => ({
    ...rung,
    validators: rung.validators.flatMap((each) => resolveValidator(each, file)),
  }))
}

function resolveValidator(
  validator: string | FileValidator,
  file: FilePolicy,
): readonly Validator[] {
  if (typeof validator !== 'string')
    return [{ ...validator, name: validator.name ?? validator.test.kind }]
  const found = inTable(file.validators, validator)
  return found === undefined ? [] : [{ ...found, name: found.name ?? validator }]
}

function filedRoute(route: Route): FileRoute {
  const { name, when, to } = route
  const preset = routePresetNames.find((each) => isDeepStrictEqual(presetRoute(each).to, to))
  if (preset !== undefined) return { name, when, preset }
  switch (to.kind) {
    case 'default':
      return { name, when, default: true }
    case 'ladder':
      return { name, when, ladder: to.ladder }
    case 'classifier':
      return { name, when, classifier: to.classifier, ladders: to.ladders }
  }
}
