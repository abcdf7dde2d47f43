import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FaultKind } from '../../../src/domain/fault.ts'
import { noUsage } from '../../../src/domain/usage.ts'
import { parsePolicy } from '../../../src/policy/parse-policy.ts'
import type { GatewayOptions, Harness } from '../gateways/harness.ts'
import type { Defect, HasDefect } from './defects.ts'
import { answer, refusal, send, type Toy } from './toy-answer.ts'
import { openToyCache } from './toy-cache.ts'
import { openToyLedger, type Reservation } from './toy-ledger.ts'
import { dialectAt, readToyRequest, type ToyRequest } from './toy-request.ts'

/**
 * The least that does what every gateway must, and what one of them has done wrong, at will: it shows that the tests
 * of complaints can be passed, and that each of them fails where there is something to complain of.
 */
export const toyGateway = (...defects: readonly Defect[]): Harness => ({
  start: (options) => startToy(options, (defect) => defects.includes(defect)),
})

const usualSlowClientMs = 60_000

async function startToy(
  { upstream, policy: file = {}, slowClientMs }: GatewayOptions,
  has: HasDefect,
) {
  const parsed = parsePolicy(JSON.stringify(file))
  if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
  const { policy } = parsed
  const agent = new Agent({ keepAlive: true })
  const ledger = openToyLedger(policy, has)
  const toy: Toy = {
    policy,
    upstream: { url: upstream, agent, has },
    ledger,
    cache: openToyCache(policy, has),
    has,
  }
  const requestTimeout = has('waits for any client') ? 0 : (slowClientMs ?? usualSlowClientMs)
  const server = createServer(
    {
      requestTimeout,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: 50,
      insecureHTTPParser: has('reads HTTP leniently'),
      noDelay: true,
    },
    (request, response) => {
      serve(request, response, toy).catch(() => response.destroy())
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    records: async () => ledger.records(),
    async close() {
      ledger.close()
      agent.destroy()
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function serve(request: IncomingMessage, response: ServerResponse, toy: Toy): Promise<void> {
  const { policy, has } = toy
  const { url = '' } = request
  const refuse = (kind: FaultKind, message: string) => {
    request.resume()
    const fault = { kind, message, status: null, retryAfterMs: null }
    send(response, refusal(dialectAt(url), fault))
  }
  if (!isProviderPath(url, has)) return refuse('not-found', 'There is nothing here.')
  const limit = has('takes any body') ? Number.POSITIVE_INFINITY : policy.serve.maxBodyBytes
  const asked = await readToyRequest(request, limit)
  if (asked === null) return refuse('too-large', 'The request is larger than allowed.')
  const isUnpriced = asked.model !== null && policy.prices.length === 0
  if (isUnpriced && policy.serve.onUnpriced === 'refuse')
    return refuse('bad-request', 'Nobody knows the price of the model.')
  const reservation = toy.ledger.reserve(asked)
  if (reservation !== null) return serveWithin(reservation, asked, response, toy)
  toy.ledger.settle({ nanoUsd: 0 }, { status: 429, model: null, usage: noUsage })
  refuse('rate-limit', 'The budget is used up.')
}

const isProviderPath = (url: string, has: HasDefect): boolean =>
  (has('goes where the client says') && url.startsWith('http:')) ||
  (/^\/v1\/[^?#]/.test(url) && !/(?:\.|%2e){2}/i.test(url))

/** From the cache, or else from a model. */
async function serveWithin(
  reservation: Reservation,
  asked: ToyRequest,
  response: ServerResponse,
  toy: Toy,
): Promise<void> {
  const { ledger, cache, has } = toy
  const key = cache.keyOf(asked)
  const hit = cache.get(key)
  if (hit !== null) {
    send(response, hit)
    return ledger.settle(reservation, { status: hit.status, model: null, usage: noUsage })
  }
  const answered = await answer(asked, response, toy)
  const { sent, isWhole, hasLeft } = answered
  if (!hasLeft || !has('books nothing for who leaves'))
    ledger.settle(reservation, { ...answered, status: sent.status })
  const isKeptInPart = has('caches what broke off') && sent.bytes.length > 0
  if (isWhole || isKeptInPart || has('caches whatever came'))
    cache.put(key, { ...sent, status: 200 })
}
