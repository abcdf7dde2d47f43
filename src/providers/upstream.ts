import type { JsonObject } from '../domain/json.ts'
import { readAzure } from './azure.ts'
import type { KnownProvider } from './catalogue.ts'
import type { Transport } from './transport.ts'

/** One place that answers: posts a body and gives the response, whatever its status, as soon as its headers are there. */
export type Upstream = (path: string, body: JsonObject, signal: AbortSignal) => Promise<Response>

type Fetch = typeof globalThis.fetch

/** What the clients of both SDKs have in common. */
type Client = {
  post(
    path: string,
    options: { body: JsonObject; fetchOptions: object },
  ): { asResponse(): Promise<Response> }
}

export type UpstreamOptions = {
  readonly provider: KnownProvider
  /** Null: none is sent. */
  readonly key: string | null
  /** The version of its API, of Azure alone. */
  readonly apiVersion?: string | undefined
  readonly transport: Transport
}

/** What a request came to, below the SDK: the SDK hands it through to `fetch` among its options. */
type Attempt = { readonly signal: AbortSignal; response: Response | null; failure: unknown }

/** Opens the SDK that speaks a provider's dialect; it is loaded here and not before. */
export async function openUpstream(options: UpstreamOptions): Promise<Upstream> {
  const { transport } = options
  const fetchOnce = async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    const { attempt, method, body, headers } = init as RequestInit & { attempt: Attempt }
    const { signal } = attempt
    const sent = { method, body, headers: knownHeaders(headers), signal } as RequestInit
    const response = await transport.fetch(String(url), sent).catch((error: unknown) => {
      attempt.failure = error
      throw error
    })
    attempt.response = response
    // The SDK would read the body of an error to its end, however long that is.
    if (!response.ok) throw new Error('answered with an error')
    return response
  }
  const client = await openClient(options, fetchOnce as Fetch)
  return async (path, body, signal) => {
    const attempt: Attempt = { signal, response: null, failure: null }
    return client
      .post(path, { body, fetchOptions: { attempt } })
      .asResponse()
      .catch((error: unknown) => {
        if (attempt.response !== null) return attempt.response
        throw attempt.failure ?? error
      })
  }
}

/** Node's timers know no longer time; limits are set by the caller. */
const noTimeoutMs = 2 ** 31 - 1

/** The SDKs insist on a key; what is sent is in the headers below. */
const notTheKey = 'none'

/** The version of the Anthropic API whose bodies the dialect reads and writes. */
const anthropicVersion = '2023-06-01'

async function openClient(options: UpstreamOptions, fetch: Fetch): Promise<Client> {
  const { provider, key } = options
  const common = {
    baseURL: provider.baseUrl,
    apiKey: notTheKey,
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
    return new Anthropic({ ...common, openTelemetry: false, defaultHeaders, fetch })
  }
  const { OpenAI, AzureOpenAI } = await import('openai')
  const azure = readAzure(provider.baseUrl, options.apiVersion)
  if (azure !== null) {
    const { baseUrl, apiVersion } = azure
    const defaultHeaders = { 'api-key': key, authorization: null }
    return new AzureOpenAI({ ...common, baseURL: baseUrl, apiVersion, defaultHeaders, fetch })
  }
  const defaultHeaders = { authorization: key === null ? null : `Bearer ${key}` }
  return new OpenAI({ ...common, defaultHeaders, fetch })
}

/**
 * What is sent. The SDKs add whatever OPENAI_CUSTOM_HEADERS, OPENAI_ORG_ID and their like say, meant for one vendor, to
 * requests to any: nothing of the environment goes out but the key of the provider that is asked.
 */
const sentHeaders =
  /^(?:accept|api-key|authorization|content-type|user-agent|x-api-key|anthropic-version)$/

function knownHeaders(headers: RequestInit['headers']): Headers {
  const known = [...new Headers(headers)].filter(([name]) => sentHeaders.test(name))
  return new Headers(known)
}
