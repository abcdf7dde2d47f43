import type { JsonObject } from '../domain/json.ts'
import { type NanoUsd, readUsd } from '../domain/money.ts'
import type { MaybePromise } from '../domain/world.ts'
import { shadowLayers } from '../policy/serving.ts'
import { AdminError } from './admin-error.ts'
import { entryLine, intentLine } from './admin-lines.ts'
import type { AdminPorts } from './admin-ports.ts'
import { readScope } from './admin-scope.ts'
import type { Reloaded } from './policy-watcher.ts'

/** One request to the admin port that may be answered. */
export type AdminCall = {
  /** What stands in place of `:name` in the path. */
  readonly name: string
  readonly query: URLSearchParams
  /** Of a POST; empty else. */
  readonly body: JsonObject
}

export type AdminAnswer = {
  readonly status: number
  readonly type: string
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

export type AdminRoute = {
  readonly method: 'GET' | 'POST'
  /** "/cache/:name" stands for any one name in its place. */
  readonly path: string
  readonly answer: (call: AdminCall) => MaybePromise<AdminAnswer>
}

/** All that the admin port answers, the event stream aside. */
export const adminRoutes = (ports: AdminPorts): readonly AdminRoute[] => [
  ...looks(ports),
  ...cacheRoutes(ports),
  ...changes(ports),
  ...debugRoutes(ports),
]

/** `?collect` has garbage collected first: what is left then is what is held. */
const debugRoutes = ({ resources }: AdminPorts): readonly AdminRoute[] =>
  resources === null
    ? []
    : [get('/debug/resources', ({ query }) => resources(query.has('collect')))]

const looks = ({ page, metrics, ...ports }: AdminPorts): readonly AdminRoute[] => [
  {
    method: 'GET',
    path: '/',
    answer: () => ({
      status: 200,
      type: 'text/html; charset=utf-8',
      text: page.html,
      headers: { 'content-security-policy': page.contentSecurityPolicy },
    }),
  },
  {
    method: 'GET',
    path: '/metrics',
    answer() {
      const { contentType, text } = metrics()
      return { status: 200, type: contentType, text }
    },
  },
  {
    method: 'GET',
    path: '/ready',
    answer() {
      const ready = ports.isReady()
      return json({ ready }, ready ? 200 : 503)
    },
  },
  get('/snapshot', ports.snapshot),
  get('/health', ports.health),
  get('/budgets', () => ({ budgets: ports.budgets() })),
  get('/intents', () => ({ intents: ports.intents().map(intentLine) })),
  get('/breakers', () => ({ breakers: ports.breakers() })),
  get('/trials', () => ({ trials: ports.trials() })),
]

const cacheRoutes = ({ cache }: AdminPorts): readonly AdminRoute[] => [
  get('/cache', ({ query }) => {
    const namespace = query.get('namespace')
    const limit = limitOf(query.get('limit'))
    const entries = cache.list(namespace === null ? { limit } : { namespace, limit })
    return { entries: entries.map(entryLine) }
  }),
  get('/cache/:name', ({ name }) => {
    const entries = cache.find(name)
    if (entries.length === 0)
      throw noSuch(`cached answer of ${name}`, '`llmcost serve cache list` lists some')
    return { entries: entries.map(entryLine) }
  }),
  post('/cache/invalidate', ({ body }) => {
    const { scope, dryRun } = readScope(body)
    return { dryRun, removed: cache.invalidate(scope, { dryRun }) }
  }),
]

const changes = (ports: AdminPorts): readonly AdminRoute[] => [
  post('/budgets/reconcile', ({ body }) => {
    const id = textIn(body, 'id')
    const cost = costIn(body)
    if (!ports.reconcile(id, cost))
      throw noSuch(`open call ${id}`, '`llmcost serve budgets` lists them')
    return { reconciled: id }
  }),
  post('/breakers/reset', ({ body }) => {
    const target = textIn(body, 'target')
    if (!ports.resetBreaker(target))
      throw noSuch(`breaker of ${target}`, '`llmcost serve breakers` lists the targets')
    return { reset: target }
  }),
  post('/trials/reset', ({ body }) => {
    const name = textIn(body, 'layer')
    const layer = shadowLayers.find((each) => each === name)
    if (layer === undefined) throw noSuch(`layer ${name}`, `layers: ${shadowLayers.join(', ')}`)
    ports.resetTrials(layer)
    return { reset: layer }
  }),
  {
    method: 'POST',
    path: '/reload',
    answer: async () => reloadAnswer(await ports.reload()),
  },
]

function reloadAnswer(reloaded: Reloaded): AdminAnswer {
  if (reloaded.kind !== 'refused') return json(reloaded, 200)
  const { message, at, hint } = reloaded.problem
  throw new AdminError(422, `the policy was not replaced: ${message}`, hint, { at })
}

const json = (value: object, status: number): AdminAnswer => ({
  status,
  type: 'application/json',
  text: JSON.stringify(value),
})

const get = (path: string, value: (call: AdminCall) => object): AdminRoute => ({
  method: 'GET',
  path,
  answer: (call) => json(value(call), 200),
})

const post = (path: string, value: (call: AdminCall) => object): AdminRoute => ({
  ...get(path, value),
  method: 'POST',
})

/** Who answers, and the name in the path. Throws an AdminError where nobody does. */
export function routeOf(
  routes: readonly AdminRoute[],
  method: string,
  path: string,
): { readonly route: AdminRoute; readonly name: string } {
  const found = routes.flatMap((route) => {
    const name = nameIn(route.path, path)
    return name === null ? [] : [{ route, name }]
  })
  const answering = found.find(({ route }) => route.method === method)
  if (answering !== undefined) return answering
  if (found.length === 0)
    throw noSuch(`page ${path}`, 'GET / is the dashboard, GET /health says how all is')
  const allow = found.map(({ route }) => route.method).join(', ')
  throw new AdminError(405, `${path} takes ${allow}`, `ask it with ${allow}`, { allow })
}

/** "" where the path has no name in it; null where it is another one. */
function nameIn(pattern: string, path: string): string | null {
  if (!pattern.endsWith('/:name')) return pattern === path ? '' : null
  const folder = pattern.slice(0, -':name'.length)
  const name = path.startsWith(folder) ? path.slice(folder.length) : ''
  if (name === '' || name.includes('/')) return null
  try {
    return decodeURIComponent(name)
  } catch {
    return null
  }
}

const usualLimit = 50
const mostLimit = 1_000

function limitOf(text: string | null): number {
  if (text === null) return usualLimit
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= mostLimit) return limit
  throw new AdminError(400, `limit=${text} is no count`, `it goes from 1 to ${mostLimit}`)
}

function textIn(body: JsonObject, field: string): string {
  const value = body[field]
  if (typeof value === 'string' && value !== '') return value
  throw new AdminError(400, `${field} is missing`, `send {"${field}": "…"}`)
}

/** More than any single call can cost. */
const mostCostUsd = 1_000_000

function costIn(body: JsonObject): NanoUsd {
  const { costUsd } = body
  const nano = typeof costUsd === 'number' ? readUsd(costUsd) : null
  if (nano !== null && nano >= 0 && nano <= mostCostUsd * 1e9) return nano
  throw new AdminError(400, 'costUsd is no amount of dollars', 'send what the call cost, e.g. 0.01')
}

const noSuch = (what: string, hint: string): AdminError =>
  new AdminError(404, `there is no ${what}`, hint)
