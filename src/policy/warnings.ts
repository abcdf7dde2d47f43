import { isObject } from '../domain/json.ts'
import type { Policy } from './policy.ts'
import { formatPath, type Path, valueAt } from './problems.ts'
import { classifierNamesIn, validatorNamesIn } from './references.ts'

/** What a file says that is allowed, and probably not meant. */
export type PolicyWarning = { readonly path: string; readonly message: string }

/** Warnings about a file whose form is right. */
export function warningsOf(root: unknown, policy: Policy): readonly PolicyWarning[] {
  return [
    ...unusedNames(root),
    ...unreachable(['cache', 'rules'], root),
    ...unreachable(['routes'], root),
    ...chatless(policy),
    ...semanticWarnings(policy),
    ...speculativeWarnings(policy),
    ...budgetWarnings(policy),
  ]
}

const warning = (path: Path, message: string): PolicyWarning => ({
  path: formatPath(path),
  message,
})

function unusedNames(root: unknown): readonly PolicyWarning[] {
  const routes = valueAt(root, ['routes'])
  const ladders = Array.isArray(routes) ? routes.flatMap(laddersOf) : []
  const used = (found: readonly { readonly value: unknown }[]) => found.map(({ value }) => value)
  return [
    ...unused('ladders', ladders, root),
    ...unused('validators', used(validatorNamesIn(root)), root),
    ...unused('classifiers', used(classifierNamesIn(root)), root),
  ]
}

function laddersOf(route: unknown): readonly unknown[] {
  if (!isObject(route)) return []
  const { ladder, ladders } = route
  return [ladder, ...(isObject(ladders) ? Object.values(ladders) : [])]
}

function unused(section: string, used: readonly unknown[], root: unknown) {
  const members = valueAt(root, [section])
  if (!isObject(members)) return []
  return Object.keys(members)
    .filter((name) => !used.includes(name))
    .map((name) => warning([section, name], 'is used by nothing'))
}

/** What stands after an entry that holds for every request is never asked. */
function unreachable(list: Path, root: unknown): readonly PolicyWarning[] {
  const entries = valueAt(root, list)
  if (!Array.isArray(entries)) return []
  const first = entries.findIndex(holdsAlways)
  if (first < 0 || first === entries.length - 1) return []
  const before = formatPath([...list, first])
  return [warning([...list, first + 1], `is never reached: ${before} holds for every request`)]
}

function holdsAlways(entry: unknown): boolean {
  if (!isObject(entry)) return false
  const { when } = entry
  return when === undefined || (isObject(when) && Object.keys(when).length === 0)
}

/** Only chats are routed. */
const chatless = ({ routes }: Policy): readonly PolicyWarning[] =>
  routes.flatMap(({ when }, index) =>
    when.operation !== undefined && !when.operation.includes('chat')
      ? [warning(['routes', index, 'when', 'operation'], 'never holds: only chats are routed')]
      : [],
  )

function semanticWarnings({ cache }: Policy): readonly PolicyWarning[] {
  const { semantic, namespace, rules } = cache
  const isUsed = semantic.on || rules.some((rule) => rule.semantic === true)
  if (!isUsed) return []
  const unwritten =
    namespace.kind === 'log'
      ? [
          warning(
            ['cache', 'namespace'],
            'is log, which is not enough for serve: users may get answers made for others; write shared, or fields such as user',
          ),
        ]
      : []
  const oracle =
    semantic.insert === 'always-oracle'
      ? [
          warning(
            ['cache', 'semantic', 'insert'],
            'always-oracle stores answers that a cache in use never sees: for comparison only',
          ),
        ]
      : []
  return [...unwritten, ...oracle]
}

function speculativeWarnings({ speculative, routes }: Policy): readonly PolicyWarning[] {
  if (speculative.kind === 'off') return []
  const hasTwo = routes.some(({ to }) => to.kind === 'ladder' && to.ladder.length > 1)
  return hasTwo ? [] : [warning(['speculative'], 'does nothing: no ladder has two rungs')]
}

/** Only who is refused spends nothing, and only who goes to a ladder comes down from it. */
function budgetWarnings({ budgets, routes }: Policy): readonly PolicyWarning[] {
  const hasLadder = routes.some(({ to }) => to.kind !== 'default')
  return budgets.flatMap(({ mode, action }, index) => {
    const path = ['budgets', index]
    const passed =
      mode === 'hard' && action !== 'block'
        ? [
            warning(
              path,
              `is hard, and spend passes its limit all the same: ${passedBy[action]}; action block keeps to it`,
            ),
          ]
        : []
    const idle =
      action === 'downgrade' && !hasLadder
        ? [
            warning(
              path,
              'changes nothing: downgrade asks the first rung, and no route has a ladder',
            ),
          ]
        : []
    return [...passed, ...idle]
  })
}

const passedBy = {
  alert: 'alert refuses nothing',
  downgrade: 'downgrade asks the first rung, or the model without a route',
} as const
