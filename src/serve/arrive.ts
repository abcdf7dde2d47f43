import type { IncomingHttpHeaders } from 'node:http'
import { dialectOf } from '../dialects/dialects.ts'
import type { DialectName } from '../domain/call.ts'
import type { JsonObject } from '../domain/json.ts'
import type { TurningFault } from './bad-request.ts'
import { credentialOf, passThroughCaller } from './client-credential.ts'
import { type Endpoint, endpointOf } from './endpoints.ts'
import { keyRefusal } from './gateway-keys.ts'
import type { GatewayState } from './gateway-state.ts'
import { headFault } from './head-fault.ts'
import { type Inbound, readInbound } from './inbound.ts'
import { noPages, pageFault } from './page-fault.ts'
import { readDestination } from './read-destination.ts'
import { type Caller, readIdentity } from './read-identity.ts'
import { readWishes } from './read-wishes.ts'
import { keyHolder } from './upstreams.ts'
import type { Wishes } from './wishes.ts'

/** The head of a request, as `node:http` has it. */
export type Head = {
  readonly url: string
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
}

/** An answer to a request that nobody was asked for: nothing is owed for it. */
export type Refused = {
  readonly fault: TurningFault
  readonly status: number
  readonly body: JsonObject
  /** Names and values in turn. */
  readonly headers: readonly string[]
}

export type Admitted = {
  readonly endpoint: Endpoint
  /** Who shows one of the gateway's own keys; null: it has none. */
  readonly caller: Caller | null
}

/** Lets a request in by its head alone, before its body is read. */
export function admitHead(state: GatewayState, head: Head): Admitted | Refused {
  const wrong = headFault(head.rawHeaders)
  if (wrong !== null) return refusedWith(wrong, null)
  const destination = readDestination(head.url, head.headers, state.providers)
  if (destination.kind === 'refused') return refusedWith(destination.fault, null)
  const endpoint = endpointOf(head.method, destination.path, destination.provider)
  if (head.method === 'OPTIONS') return noPagesHere(endpoint)
  if (state.keys.areRequired) {
    const caller = state.keys.callerOf(head.headers)
    return caller === null ? keyRefusal(endpoint.dialect) : { endpoint, caller }
  }
  const page = pageFault(head.headers, state.compiled.policy.serve.host)
  return page === null ? { endpoint, caller: null } : refusedWith(page, endpoint.dialect)
}

const allowedMethods = ['allow', 'GET, HEAD, POST, PUT, PATCH, DELETE']

const noPagesHere = ({ dialect }: Endpoint): Refused => ({
  ...refusedWith(noPages, dialect, allowedMethods),
  status: 405,
})

export type Arrived = { readonly id: string; readonly at: number; readonly bytes: Buffer }

/** Reads a request whose body is there. */
export function arrive(
  state: GatewayState,
  head: Head,
  { endpoint, caller }: Admitted,
  arrived: Arrived,
): Inbound | Refused {
  const { headers, rawHeaders, method } = head
  const arrival = {
    ...arrived,
    endpoint,
    method,
    rawHeaders,
    hasGatewayKey: caller !== null,
    wishes: wishesAt(endpoint, readWishes(headers)),
  }
  const inbound = readInbound(arrival, (body, model) => {
    const home = state.upstreams.homeOf(endpoint, model, headers)
    const credential =
      caller === null ? credentialOf(headers, home.upstream.provider, state.hash) : null
    const identity = readIdentity({
      caller: caller ?? passThroughCaller(credential),
      headers,
      body,
      spelling: state.spelling,
    })
    const isMeant = keyHolder(endpoint, headers) === home.upstream.provider.name
    return {
      ...identity,
      home,
      credential: isMeant ? (credential?.header ?? null) : null,
      isKeyWithheld: !isMeant && credential !== null,
    }
  })
  return 'kind' in inbound ? refusedWith(inbound, endpoint.dialect) : inbound
}

/** Models of one name are not the same everywhere: who names a provider is answered from what it said. */
function wishesAt({ provider }: Endpoint, wishes: Wishes): Wishes {
  if (provider === null) return wishes
  return { ...wishes, namespace: `${provider.name} ${wishes.namespace}` }
}

/** A fault in the words of the request's own wire format. */
export function refusedWith(
  fault: TurningFault,
  dialect: DialectName | null,
  headers: readonly string[] = [],
): Refused {
  return { ...dialectOf(dialect ?? 'openai-chat').writeFault(fault), headers, fault }
}
