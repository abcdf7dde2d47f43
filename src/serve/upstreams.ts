import type { IncomingHttpHeaders } from 'node:http'
import type { DialectName } from '../domain/call.ts'
import { UserError } from '../domain/user-error.ts'
import type { ProviderSettings } from '../policy/serving.ts'
import type { KnownProvider } from '../providers/catalogue.ts'
import { readKey } from '../providers/keys.ts'
import { atAddress, type Environment, resolveTarget } from '../providers/resolve-target.ts'
import { autoModel } from './complete.ts'
import type { Endpoint } from './endpoints.ts'

/** A provider as it is reached: its address taken apart once. */
export type Upstream = {
  readonly provider: KnownProvider
  readonly origin: string
  /** What stands before the endpoint's path: "/v1". */
  readonly base: string
  /** Of the environment; null: it has none. */
  readonly key: string | null
}

/** Where a call goes, and what its model is called there. */
export type Destination = {
  readonly upstream: Upstream
  readonly model: string
  /** "openai:gpt-4o-mini" */
  readonly target: string
}

export type Upstreams = {
  /** Throws a UserError for a target that nobody is known to serve. */
  find(target: string): Destination
  /** Where a request goes that nobody routes; `model` is '' where it names none. */
  homeOf(endpoint: Endpoint, model: string, headers: IncomingHttpHeaders): Destination
}

/**
 * The provider whose key a client shows: the one that it names, else the vendor of the API that it asks. The name of a
 * model says nothing of that: a client has one key and asks for any model.
 */
export function keyHolder({ provider, dialect }: Endpoint, headers: IncomingHttpHeaders): string {
  if (provider !== null) return provider.name
  const isAnthropic = dialect === null && headers['anthropic-version'] !== undefined
  return isAnthropic ? 'anthropic' : vendors[dialect ?? 'openai-chat']
}

/** What no model's name tells is sent to the vendor of the endpoint. */
const vendors: Readonly<Record<DialectName, string>> = {
  'openai-chat': 'openai',
  'openai-responses': 'openai',
  'anthropic-messages': 'anthropic',
}

/**
 * The providers of a policy and the built-in ones; `autoTarget` is asked for "auto" where no route says who. Only of
 * `nameable` ones may the name stand in a request. Throws a UserError for a target that nobody is known to serve.
 */
export function openUpstreams(
  own: readonly ProviderSettings[],
  env: Environment,
  autoTarget: string,
  nameable: readonly KnownProvider[],
): Upstreams {
  const upstreams = new Map<string, Upstream>()
  const targets = new Map<string, Destination>()
  const upstreamOf = (provider: KnownProvider): Upstream => {
    let upstream = upstreams.get(provider.name)
    if (upstream === undefined) {
      upstream = reach(provider, env)
      upstreams.set(provider.name, upstream)
    }
    return upstream
  }
  const destinationOf = (target: string): Destination => {
    const known = targets.get(target)
    if (known !== undefined) return known
    const { provider, model } = resolveTarget(target, own, env)
    const destination = {
      upstream: upstreamOf(provider),
      model,
      target: `${provider.name}:${model}`,
    }
    if (targets.size >= mostTargets) targets.clear()
    targets.set(target, destination)
    return destination
  }
  const ofVendor = (provider: KnownProvider, model: string): Destination => ({
    upstream: upstreamOf(atAddress(provider, env)),
    model,
    // A list of models, a file: the provider alone is asked.
    target: model === '' ? provider.name : `${provider.name}:${model}`,
  })
  const names = new Set(nameable.map(({ name }) => name))
  /** Null for a model that nobody is known to serve whom a request may name. */
  const ofModel = (model: string): Destination | null => {
    try {
      const destination = destinationOf(model)
      return names.has(destination.upstream.provider.name) ? destination : null
    } catch (error) {
      if (error instanceof UserError) return null
      throw error
    }
  }
  return {
    find: destinationOf,
    homeOf(endpoint, model, headers) {
      if (endpoint.provider !== null) return ofVendor(endpoint.provider, model)
      if (model === autoModel) return destinationOf(autoTarget)
      const vendor = keyHolder(endpoint, headers)
      if (model === '') return ofVendor(destinationOf(`${vendor}:-`).upstream.provider, '')
      // A model that is newer than our list: the endpoint's own vendor will know.
      return ofModel(model) ?? destinationOf(`${vendor}:${model}`)
    },
  }
}

/** Names of models are given by callers: what is remembered of them has an end. */
const mostTargets = 10_000

function reach(provider: KnownProvider, env: Environment): Upstream {
  const { origin, pathname } = new URL(provider.baseUrl)
  return { provider, origin, base: pathname.replace(/\/+$/, ''), key: keyOf(provider, env) }
}

function keyOf(provider: KnownProvider, env: Environment): string | null {
  try {
    return readKey(provider, env)
  } catch (error) {
    if (error instanceof UserError) return null
    throw error
  }
}
