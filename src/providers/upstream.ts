import type { JsonObject } from '../domain/json.ts'
import { readAzure } from './azure.ts'
import type { KnownProvider } from './catalogue.ts'
import type { Transport } from './transport.ts'

/** One place that answers: posts a body and gives the response, whatever its status, as soon as its headers are there. */
export type Upstream = (
  path: string,
  body: JsonObject,
  signal: AbortSignal,
) => Promise<Response>

type Fetch = typeof globalThis.fetch

/** What the clients of both SDKs have in common. */
type Client = {
  post(path: string, options: { body: JsonObject }): { asResponse(): Promise<Response> }
}

export type UpstreamOptions = {
  readonly provider: KnownProvider
  /** Null: none is sent. */
  readonly key: string | null
  /** The version of its API, of Azure alone. */
  readonly apiVersion?: string | undefined
  readonly transport: Transport
}

/** Opens the SDK that speaks a provider's dialect; it is loaded here and not before. */
export async function openUpstream(options: UpstreamOptions): Promise<Upstream> {
  const openClient = await clientOpener(options)
  return async (path, body, signal) => {
    let response: Response | null = null
    let failure: unknown = null
    const fetchOnce = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
      response = await options.transport
        .fetch(String(url), { ...init, signal })
        .catch((error: unknown) => {
          failure = error
          throw error
        })
      // The SDK would read the body of an error to its end, however long that is.
      if (!response.ok) throw new Error('answered with an error')
      return response
    }
    // A client is a few objects: one for each request tells whose response this is.
    const client = openClient(fetchOnce as Fetch)
    return client
      .post(path, { body })
      .asResponse()
      .catch((error: unknown) => {
        if (response !== null) return response
        throw failure ?? error
      })
  }
}

/** Node's timers know no longer time; limits are set by the caller. */
const noTimeoutMs = 2 ** 31 - 1

/** The SDKs ask for a key though none is sent. */
const noKey = 'none'

/** The version of the Anthropic API whose bodies the dialect reads and writes. */
const anthropicVersion = '2023-06-01'

async function clientOpener(options: UpstreamOptions): Promise<(fetch: Fetch) => Client> {
  const { provider, key } = options
  // Nothing of the environment of the process goes out by itself: no other key, no organisation, no log of bodies.
  const common = {
    baseURL: provider.baseUrl,
    maxRetries: 0,
    timeout: noTimeoutMs,
    logLevel: 'off',
  } as const
  if (provider.dialect === 'anthropic-messages') {
    const { Anthropic } = await import('@anthropic-ai/sdk')
    const defaultHeaders = {
      'anthropic-version': anthropicVersion,
      'x-api-key': key,
      authorization: null,
    }
    return (fetch) =>
      new Anthropic({
        ...common,
        apiKey: key ?? noKey,
        openTelemetry: false,
        defaultHeaders,
        fetch,
      })
  }
  const { OpenAI, AzureOpenAI } = await import('openai')
  const azure = readAzure(provider.baseUrl, options.apiVersion)
  const mine = { ...common, apiKey: key ?? noKey, adminAPIKey: null, organization: null }
  if (azure !== null) {
    const { baseUrl, apiVersion } = azure
    return (fetch) => new AzureOpenAI({ ...mine, baseURL: baseUrl, apiVersion, fetch })
  }
  const defaultHeaders = key === null ? { authorization: null } : {}
  return (fetch) => new OpenAI({ ...mine, project: null, defaultHeaders, fetch })
}
