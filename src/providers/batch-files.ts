import { createHash } from 'node:crypto'
import { appendFileSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { dialectOf } from '../dialects/dialects.ts'
import type { Call, Loss } from '../domain/call.ts'
import type { JsonObject } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import type { ResolvedTarget } from './resolve-target.ts'

/** A call that a batch service is to make. */
export type BatchCall = {
  /** Says in the results whose answer it is, through `batchIdOf`. */
  readonly key: string
  readonly target: string
  readonly call: Call
}

export type BatchFile = {
  readonly path: string
  readonly provider: string
  readonly requests: number
  readonly bytes: number
}

export type WrittenBatch = {
  readonly files: readonly BatchFile[]
  /** Calls that are in no file, and why. */
  readonly refused: readonly {
    readonly key: string
    readonly target: string
    readonly why: string
  }[]
  /** What calls in the files go without, each field of each target once. */
  readonly losses: readonly (Loss & { readonly target: string })[]
}

/** What one file may hold. */
type BatchLimits = { readonly requests: number; readonly bytes: number }

/** Per input file (developers.openai.com, "Batch API"); megabytes are taken for the smaller kind. */
const openAiLimits: BatchLimits = { requests: 50_000, bytes: 200_000_000 }
/** Per batch (platform.claude.com, "Batch processing"). */
const anthropicLimits: BatchLimits = { requests: 100_000, bytes: 256_000_000 }

/** Of a custom id, at both. */
const plainId = /^[\w-]{1,64}$/

/** The id under which a key goes: itself where the services take it, else its hash. */
export const batchIdOf = (key: string): string =>
  plainId.test(key) ? key : createHash('sha256').update(key).digest('base64url')

/** Providers whose batch service takes these files. */
const services: Readonly<Record<string, (path: string) => string>> = {
  openai: (path) => `/v1${path}`,
  azure: (path) => path,
  anthropic: (path) => `/v1${path}`,
}

export type BatchOptions = {
  readonly folder: string
  readonly resolve: (target: string) => ResolvedTarget
  /** In place of the services' own. */
  readonly limits?: BatchLimits
}

/**
 * Writes calls as input files for the batch services of their providers: JSON lines for OpenAI, a file for each model as
 * they demand; for Anthropic, lines that are elements of a batch's `requests`. A key that comes twice is written once.
 * Throws a UserError where a file cannot be written or is there already.
 */
export function writeBatchFiles(calls: Iterable<BatchCall>, options: BatchOptions): WrittenBatch {
  const files = openFiles(options)
  const refused: WrittenBatch['refused'][number][] = []
  const losses = new Map<string, WrittenBatch['losses'][number]>()
  const seen = new Set<string>()
  try {
    for (const { key, target, call } of calls) {
      if (seen.has(key)) continue
      seen.add(key)
      const written = requestOf(call, options.resolve(target), batchIdOf(key))
      const why = typeof written === 'string' ? written : files.add(written)
      if (why !== null) refused.push({ key, target, why })
      else if (typeof written !== 'string')
        for (const loss of written.losses)
          losses.set(`${target}\n${loss.field}`, { ...loss, target })
    }
  } finally {
    files.close()
  }
  return { files: files.written(), refused, losses: [...losses.values()] }
}

type Request = {
  /** Requests of one group share files. */
  readonly group: string
  readonly provider: string
  readonly limits: BatchLimits
  readonly line: string
  readonly losses: readonly Loss[]
}

/** A request as a line; a sentence where it cannot be one. */
function requestOf(call: Call, { provider, model }: ResolvedTarget, id: string): Request | string {
  const urlOf = Object.hasOwn(services, provider.name) ? services[provider.name] : undefined
  if (urlOf === undefined) return `no batch service of ${provider.name} is known`
  const dialect = dialectOf(provider.dialect)
  const { body, losses } = dialect.writeCall(unstreamed(call, model))
  const lost = losses.filter(({ level }) => level === 'refused')
  if (lost.length > 0) {
    return `${dialect.name} cannot say ${lost.map(({ field, why }) => `${field}: ${why}`).join('; ')}`
  }
  const isAnthropic = provider.dialect === 'anthropic-messages'
  const wire: JsonObject = isAnthropic
    ? { custom_id: id, params: body }
    : { custom_id: id, method: 'POST', url: urlOf(dialect.path), body }
  return {
    group: isAnthropic ? provider.name : `${provider.name}-${model}`,
    provider: provider.name,
    limits: isAnthropic ? anthropicLimits : openAiLimits,
    line: `${JSON.stringify(wire)}\n`,
    losses,
  }
}

/** A batch is its own tier of service, and gives answers in one piece. */
function unstreamed(call: Call, model: string): Call {
  const { stream_options: _, ...more } = call.more
  return { ...call, model, more, streamed: false, serviceTier: null }
}

type OpenFile = { readonly path: string; readonly provider: string; readonly handle: number } & {
  requests: number
  bytes: number
}

/** Files by group, each followed by another one where it is full. */
function openFiles({ folder, limits: given }: BatchOptions) {
  const current = new Map<string, OpenFile>()
  const all: OpenFile[] = []

  function open(group: string, provider: string): OpenFile {
    const number = String(all.length + 1).padStart(3, '0')
    const path = join(folder, `${number}-${group.replace(/[^\w.-]/g, '_')}.jsonl`)
    const file = { path, provider, handle: created(folder, path), requests: 0, bytes: 0 }
    current.set(group, file)
    all.push(file)
    return file
  }

  return {
    /** Null: it is written; else why it cannot be. */
    add({ group, provider, line, limits: own }: Request): string | null {
      const limits = given ?? own
      const bytes = Buffer.byteLength(line)
      if (bytes > limits.bytes) return `it is larger than a batch may be (${bytes} bytes)`
      let file = current.get(group) ?? open(group, provider)
      const isFull = file.requests >= limits.requests || file.bytes + bytes > limits.bytes
      if (isFull) file = open(group, provider)
      append(file, line)
      file.requests++
      file.bytes += bytes
      return null
    },
    close() {
      for (const { handle } of all) closeSync(handle)
    },
    written: (): readonly BatchFile[] =>
      all.map(({ path, provider, requests, bytes }) => ({ path, provider, requests, bytes })),
  }
}

/** Prompts are private: the file is its owner's only. */
function created(folder: string, path: string): number {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return openSync(path, 'wx', 0o600)
  } catch (error) {
    throw writeError(error, path)
  }
}

function append({ handle, path }: OpenFile, line: string): void {
  try {
    appendFileSync(handle, line)
  } catch (error) {
    throw writeError(error, path)
  }
}

function writeError(error: unknown, path: string): UserError {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EEXIST'
    ? new UserError(`${path} is there already`, { hint: 'name an empty folder' })
    : new UserError(`${path} cannot be written (${code})`, { hint: 'name another folder' })
}
