import { disjointUsage, sumOf } from '../../dialects/usage.ts'
import {
  countOf,
  defined,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import type { Answer, Request } from '../../domain/request.ts'
import { statedTime } from '../fields.ts'
import type { Ignored, Reader, Reading, RecordReader, Rejected } from '../reader.ts'

/**
 * Gemini CLI's session files (`~/.gemini/tmp/PROJECT/chats/session-….json|jsonl`): one document, or a line for the
 * session, each message, and each change. The prompt, all of the conversation each time, is not taken.
 */
export const geminiCli: Reader = {
  name: 'gemini-cli',
  title: 'Gemini CLI session',
  resumable: false,
  recognise: (records) => records.filter(isRow).length / records.length,
  start: () => new Session(),
}

const messageTypes = new Set(['user', 'gemini', 'info', 'error', 'warning'])

function isRow(record: JsonObject): boolean {
  if ('sessionId' in record && 'projectHash' in record) return true
  if ('$set' in record || '$rewindTo' in record) return true
  return isMessage(record) && 'timestamp' in record
}

const isMessage = (record: JsonObject): boolean =>
  typeof record['id'] === 'string' && messageTypes.has(String(record['type']))

/** Messages are held to the end of the file: a later line of the same id replaces the earlier one. */
class Session implements RecordReader {
  readonly #requests = new Map<string, Request>()
  #session: string | undefined
  #project: string | undefined
  #kind: string | undefined

  read(record: JsonObject): Reading {
    // Rewinding takes messages out of the conversation, not off the bill.
    if ('$rewindTo' in record) return { ignored: 'rewind' }
    if (isObject(record['$set'])) {
      this.#describe(record['$set'])
      return this.#messages(record['$set'], 'set')
    }
    if (isMessage(record)) return this.#message(record)
    if (!('sessionId' in record)) return { rejected: 'not-a-session-row' }
    this.#describe(record)
    return this.#messages(record, 'session')
  }

  end(): readonly Request[] {
    return [...this.#requests.values()].map((request) => ({
      ...request,
      ...defined({
        session: this.#session,
        feature: this.#project,
        agentRole: this.#kind === 'main' ? undefined : this.#kind,
      }),
    }))
  }

  #describe(fields: JsonObject): void {
    this.#session = textOf(fields['sessionId']) ?? this.#session
    this.#project = textOf(fields['projectHash']) ?? this.#project
    this.#kind = textOf(fields['kind']) ?? this.#kind
  }

  #messages(holder: JsonObject, reason: string): Reading {
    const messages = listOf(holder['messages'])
    if (messages.length === 0) return { ignored: reason }
    const readings = messages.map((message) => this.#message(objectOf(message)))
    const rejected = readings.find((reading) => 'rejected' in reading)
    return rejected !== undefined && this.#requests.size === 0 ? rejected : []
  }

  #message(message: JsonObject): Ignored | Rejected | readonly Request[] {
    const type = textOf(message['type']) ?? 'message'
    if (type !== 'gemini') return { ignored: `${type}-message` }
    const { tokens } = message
    // A message is first written without counts; one that was cut off never has any.
    if (!isObject(tokens)) return { ignored: 'no-usage' }
    const reading = readMessage(message, tokens)
    if ('rejected' in reading) return reading
    this.#requests.set(reading.id ?? '', reading)
    return []
  }
}

function readMessage(message: JsonObject, tokens: JsonObject): Request | Rejected {
  const model = textOf(message['model'])
  if (model === undefined) return { rejected: 'no-model' }
  const input = countOf(tokens['input'])
  // Of the counts only cached is part of another: tool adds to the input, thoughts to the output.
  const { usage, rejected } = disjointUsage(
    {
      input: input === undefined ? undefined : sumOf(input, countOf(tokens['tool']) ?? 0),
      cacheRead: countOf(tokens['cached']),
      output: countOf(tokens['output']),
      reasoning: countOf(tokens['thoughts']),
    },
    'included',
    'separate',
  )
  if (rejected !== undefined) return { rejected }
  return {
    ...defined({
      id: textOf(message['id']),
      at: statedTime(message['timestamp']),
      usage,
      answer: answerOf(message),
    }),
    provider: 'google',
    model,
    operation: 'chat',
    status: 'ok',
  } as Request
}

function answerOf(message: JsonObject): Answer | undefined {
  const text = textIn(message['content'])
  const toolCalls = listOf(message['toolCalls']).map((call) => {
    const { id, name, args } = objectOf(call)
    return defined({ id, name, args }) as Json
  })
  if (text === '' && toolCalls.length === 0) return undefined
  const finishReason = toolCalls.length > 0 ? 'tool' : 'stop'
  return { text, finishReason, ...(toolCalls.length > 0 && { toolCalls }) }
}

/** Content is text, one part, or a list of parts. */
function textIn(content: Json | undefined): string {
  if (typeof content === 'string') return content
  const parts = isObject(content) ? [content] : listOf(content)
  return parts
    .map((part) => (typeof part === 'string' ? part : (textOf(objectOf(part)['text']) ?? '')))
    .join('')
}
