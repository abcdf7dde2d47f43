import type { Fault } from '../domain/fault.ts'
import { isLoopback } from '../policy/is-loopback.ts'
import type { ServePolicy } from '../policy/serving.ts'
import { didYouMean } from '../prices/did-you-mean.ts'
import { catalogue, type KnownProvider } from '../providers/catalogue.ts'
import { type Headers, headerText } from './header-text.ts'

/** Where a request says it wants to go. */
export type Destination =
  /** A provider that it names, or null where it leaves that to its model and its wire format. */
  | {
      readonly kind: 'known'
      readonly provider: KnownProvider | null
      /** Below "/v1", with a slash in front and what follows "?": it comes after the provider's base URL. */
      readonly path: string
    }
  | { readonly kind: 'refused'; readonly fault: Fault }

/** Names a provider; one of the policy, or of the catalogue. */
export const providerHeader = 'x-llmcost-provider'

/**
 * Providers that a client may name. Those of the catalogue at addresses of the gateway's own machine are open to
 * clients of the same machine alone, unless the policy names them.
 */
export function nameableProviders({
  host,
  providers,
}: Pick<ServePolicy, 'host' | 'providers'>): readonly KnownProvider[] {
  const known = isLoopback(host)
    ? catalogue
    : catalogue.filter(({ baseUrl }) => baseUrl === '' || !isLoopback(new URL(baseUrl).hostname))
  return [...providers, ...known]
}

/**
 * Reads where a request goes: "/v1/…", "/PROVIDER/v1/…", or the provider in a header. An address never comes from a
 * request: what names none that is known is not found, and a path cannot climb out of the provider's own.
 */
export function readDestination(
  url: string,
  headers: Headers,
  providers: readonly KnownProvider[],
): Destination {
  if (url.length > longestUrl || !plainUrl.test(url) || climbs(url))
    return refused('bad-request', 'The path of the request is none.')
  const [start, inPath] = /^\/v1(?=[/?]|$)/.exec(url) ?? /^\/([^/?]+)\/v1(?=[/?]|$)/.exec(url) ?? []
  if (start === undefined)
    return refused('not-found', 'There is nothing here: paths begin with /v1, or /PROVIDER/v1.')
  const inHeader = headerText(headers[providerHeader])?.trim()
  if (inPath !== undefined && inHeader !== undefined && inHeader !== inPath)
    return refused('bad-request', `The path and ${providerHeader} name two providers.`)
  const name = inPath ?? inHeader
  const path = url.slice(start.length)
  if (name === undefined) return { kind: 'known', provider: null, path }
  const provider = providers.find((each) => each.name === name)
  if (provider === undefined) return unknownProvider(name, providers)
  return { kind: 'known', provider, path }
}

/** More than any API of the catalogue needs. */
const longestUrl = 4096

/** From the root, no second slash that would begin an address, nothing that some read as a slash or as an end. */
const plainUrl = /^\/(?!\/)[\x21\x24-\x5b\x5d-\x7e]*$/

/** A segment "." or "..", also encoded, or with an encoded slash beside it. */
const climbs = (url: string): boolean =>
  /(?:^|\/)(?:\.|%2e){1,2}(?:[/;]|$)|%2f|%5c|%00/i.test(url.split('?', 1)[0] ?? '')

function unknownProvider(name: string, providers: readonly KnownProvider[]): Destination {
  const names = [...new Set(providers.map((each) => each.name))]
  const near = didYouMean(name, names)
  const hint = near === null ? `Known are ${names.join(', ')}.` : `Did you mean ${near}?`
  return refused('not-found', `No provider of that name is known. ${hint}`)
}

const refused = (kind: 'bad-request' | 'not-found', message: string): Destination => ({
  kind: 'refused',
  fault: { kind, message, status: kind === 'not-found' ? 404 : 400, retryAfterMs: null },
})
