import { setTimeout as pause } from 'node:timers/promises'
import type { OnLostCall } from '../domain/embedder.ts'
import { UserError } from '../domain/user-error.ts'

export type Endpoint = {
  /** Without credentials in it: it is named in messages. */
  readonly url: URL
  readonly key: string | null
  /** The environment variable the key came from, for messages. */
  readonly keyName: string
}

export type Waiting = {
  /** Resolves after so many milliseconds, or rejects when the signal says so. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  /** From 0 up to 1. */
  readonly random: () => number
}

export const realWaiting: Waiting = {
  wait: async (ms, signal) => pause(ms, undefined, signal === undefined ? {} : { signal }),
  random: Math.random,
}

export type PostResult =
  | { readonly kind: 'answered'; readonly body: unknown }
  /** The endpoint understood and does not want it: to send it again is no use. */
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }

type Attempt =
  | PostResult
  | {
      readonly kind: 'failed'
      readonly why: string
      readonly waitMs: number
      /** It may have been answered, and that was told to somebody who wants no more of it. */
      readonly isLast?: boolean
    }

const mostAttempts = 6
const firstWaitMs = 500
const longestWaitMs = 30_000
/** A limit of the day rather than of the minute: waiting for it is for the user to decide. */
const longestAskedWaitMs = 120_000
const attemptTimeoutMs = 60_000
const shownMessage = 200

/**
 * Posts JSON and reads JSON. Tries again what may pass: no connection, no answer in time, 408, 409, 429 and 5xx, as
 * long after as the endpoint asks for, else twice as long each time, less a random share so that many do not come
 * back at once. Throws a UserError when that does not help.
 */
export async function postJson(
  endpoint: Endpoint,
  body: unknown,
  signal: AbortSignal | undefined,
  { wait, random }: Waiting = realWaiting,
  onLost: OnLostCall = mayGoOn,
): Promise<PostResult> {
  const text = JSON.stringify(body)
  for (let attempt = 1; ; attempt++) {
    const result = await tryOnce(endpoint, text, signal, onLost)
    if (result.kind !== 'failed') return result
    const place = placeOf(endpoint)
    if (result.isLast === true) throw new UserError(`${place} failed: ${result.why}`)
    if (attempt === mostAttempts)
      throw new UserError(`${place} failed ${mostAttempts} times: ${result.why}`, {
        hint: resumeHint,
      })
    if (result.waitMs > longestAskedWaitMs) {
      const seconds = Math.ceil(result.waitMs / 1000)
      throw new UserError(`${place} asks to wait ${seconds} s: ${result.why}`, { hint: resumeHint })
    }
    const backOffMs = Math.min(longestWaitMs, firstWaitMs * 2 ** (attempt - 1))
    await wait(result.waitMs + backOffMs * (0.5 + random() / 2), signal)
  }
}

const mayGoOn: OnLostCall = () => true

const resumeHint = 'what has arrived is kept: run the same command again to go on from there'

export const placeOf = ({ url }: Endpoint): string => url.origin + url.pathname

async function tryOnce(
  endpoint: Endpoint,
  text: string,
  signal: AbortSignal | undefined,
  onLost: OnLostCall,
): Promise<Attempt> {
  signal?.throwIfAborted()
  let isLast = false
  const answer = await post(endpoint, text, signal).catch((error: unknown) => {
    const isOurs = signal?.aborted === true || (error as Error).name === 'TimeoutError'
    if (isOurs || !isUnsent(error)) isLast = !onLost(isOurs)
    signal?.throwIfAborted()
    return whyNoAnswer(error)
  })
  if (typeof answer === 'string') return { kind: 'failed', why: answer, waitMs: 0, isLast }
  const attempt = attemptOf(answer.response, answer.text, endpoint)
  if (answer.response.ok && attempt.kind !== 'answered') onLost(false)
  return attempt
}

/** Nobody was there to take the request: it cannot have been billed. */
const isUnsent = (error: unknown): boolean =>
  unsent.test((error as { cause?: { code?: string } }).cause?.code ?? '')

const unsent =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|E(?:HOST|NET)(?:UNREACH|DOWN)|UND_ERR_CONNECT_TIMEOUT)$|CERT|SELF_SIGNED|UNABLE_TO_/

async function post({ url, key }: Endpoint, body: string, signal: AbortSignal | undefined) {
  const { end, done } = timeLimit(signal)
  const authorization = key === null ? {} : { authorization: `Bearer ${key}` }
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body,
      // A redirect would turn the POST into a GET, or carry texts to where nobody meant them to go.
      redirect: 'manual',
      signal: end,
    })
    return { response, text: await response.text() }
  } finally {
    done()
  }
}

function whyNoAnswer(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: string }; name?: string }
  if (name === 'TimeoutError') return `no answer in ${attemptTimeoutMs / 1000} s`
  return cause?.code ?? 'no connection'
}

/** Ends with the given signal or after the time for one attempt. (`AbortSignal.any` came after Node 20.0.) */
function timeLimit(signal: AbortSignal | undefined) {
  const controller = new AbortController()
  const onAbort = () => controller.abort(signal?.reason)
  const onTimeout = () => controller.abort(new DOMException('too late', 'TimeoutError'))
  const timer = setTimeout(onTimeout, attemptTimeoutMs)
  if (signal?.aborted === true) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  const done = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
  return { end: controller.signal, done }
}

function attemptOf(response: Response, text: string, endpoint: Endpoint): Attempt {
  const { status } = response
  const body = parsed(text)
  if (response.ok && body !== undefined) return { kind: 'answered', body }
  const { message, code } = body === undefined ? notJson : errorIn(body)
  const why = [`HTTP ${status}`, shown(message, endpoint.key)]
    .filter((part) => part !== '')
    .join(': ')
  if (status === 401 || status === 403) throw refusedKey(endpoint, status)
  const mayPass = status === 408 || status === 409 || status === 429 || status >= 500
  if (mayPass && code !== 'insufficient_quota')
    return { kind: 'failed', why, waitMs: askedWaitMs(response.headers) }
  return { kind: 'refused', status, message: why }
}

function refusedKey({ url, key, keyName }: Endpoint, status: number): UserError {
  const what = key === null ? 'wants a key' : 'does not accept the key'
  return new UserError(`${url.host} ${what} (HTTP ${status})`, { hint: `set ${keyName}` })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const notJson = { message: 'the answer is not JSON', code: undefined }

/** OpenAI writes `{error: {message, code}}`, others `{error: "…"}`, `{message}` or `{detail}`. */
function errorIn(body: unknown): { readonly message: string; readonly code: unknown } {
  const { error, message, detail } = (body ?? {}) as Record<string, unknown>
  const inner = (typeof error === 'object' && error !== null ? error : {}) as Record<
    string,
    unknown
  >
  const text = [inner['message'], error, message, detail].find((each) => typeof each === 'string')
  return { message: String(text ?? ''), code: inner['code'] }
}

/** On one line, without the key, in case the endpoint repeats it. */
function shown(message: string, key: string | null): string {
  const safe = key === null || key === '' ? message : message.replaceAll(key, '…')
  return safe
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, shownMessage)
}

/** Milliseconds that the endpoint asks to wait: seconds, or until a date; 0 when it does not say. */
function askedWaitMs(headers: Headers): number {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN)
  if (ms >= 0) return ms
  const after = headers.get('retry-after')
  if (after === null) return 0
  const seconds = Number(after)
  const waitMs = Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000
  return Math.max(0, waitMs || 0)
}
