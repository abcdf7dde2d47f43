import {
  disjointUsage,
  readAnthropicUsage,
  readOpenAiUsage,
  type UsageReading,
} from '../../dialects/usage.ts'
import {
  countOf,
  defined,
  firstText,
  type Json,
  type JsonObject,
  listOf,
  numberOf,
  objectOf,
  textOf,
} from '../../domain/json.ts'
import type { Request } from '../../domain/request.ts'
import { isEmpty, readBodies } from '../bodies.ts'
import { statedTime } from '../fields.ts'
import { splitModel } from '../provider.ts'
import type { Reader, Reading } from '../reader.ts'
import { providerResponseId } from './litellm.ts'

/**
 * What was said before in the conversation, which a row of `responses` does not repeat. A window over one sorted pass:
 * `conversation_id` has no index.
 */
const responsesQuery = `
SELECT *, json_group_array(json_object('prompt', prompt, 'response', response)) OVER (
  PARTITION BY coalesce(conversation_id, id) ORDER BY id
  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
) AS history
FROM responses ORDER BY id`

/**
 * The messages up to and with the answer, oldest first: each names its parent by hash. Text that quotes a fragment
 * holds only a reference and comes as null.
 */
const turnsQuery = `
SELECT turns.*, (
  WITH RECURSIVE chain(hash, parent_hash, role, depth) AS (
    SELECT hash, parent_hash, role, 0 FROM messages WHERE hash = turns.tip_message_hash
    UNION ALL
    SELECT messages.hash, messages.parent_hash, messages.role, depth + 1
    FROM messages JOIN chain ON messages.hash = chain.parent_hash
  )
  SELECT json_group_array(json_object(
    'role', role,
    'answer', hash = turns.tip_message_hash AND hash IS NOT turns.parent_message_hash,
    'parts', json((
      SELECT json_group_array(json_object(
        'type', type, 'text', text, 'payload', payload, 'tool_name', tool_name
      )) FROM (SELECT * FROM parts WHERE message_hash = hash ORDER BY position)
    ))
  )) FROM (SELECT * FROM chain ORDER BY depth DESC)
) AS chain
FROM turns ORDER BY id`

/** The logs of the `llm` command, an SQLite database: `responses` until 0.31, `turns` since, one id for both. */
export const simonwLlm: Reader = {
  name: 'simonw-llm',
  title: "logs.db of Simon Willison's llm",
  tables: { responses: responsesQuery, turns: turnsQuery },
  recognise: (records) => records.filter(isRow).length / records.length,
  start: () => ({ read: readRow }),
}

const isRow = (record: JsonObject): boolean =>
  'datetime_utc' in record &&
  'duration_ms' in record &&
  ('conversation_id' in record || 'thread_id' in record)

function readRow(record: JsonObject): Reading {
  const asked = textOf(record['model'])
  const answered = firstText(record['resolved_model'], asked)
  if (answered === undefined) return { rejected: 'no-model' }
  const { provider, model } = splitModel(answered)
  const { usage, rejected } = usageOf(record)
  if (rejected !== undefined) return { rejected }
  const requested = asked === undefined ? undefined : splitModel(asked)
  const response = objectOf(record['response_json'])
  return {
    ...exchangeOf(record, model),
    ...defined({
      id: textOf(record['id']),
      responseId: providerResponseId(response['id']),
      at: statedTime(record['datetime_utc']),
      latencyMs: numberOf(record['duration_ms']),
      provider: requested?.provider ?? provider,
      requestedModel: requested?.model === model ? undefined : requested?.model,
      session: firstText(record['conversation_id'], record['thread_id']),
      usage,
      serviceTier: textOf(response['service_tier']),
    }),
    model,
    operation: 'chat',
    status: 'ok',
  } as Request
}

/** `token_details` is what the provider's usage held beside the two counts: its field names tell whose it is. */
function usageOf(record: JsonObject): UsageReading {
  const input = countOf(record['input_tokens'])
  const output = countOf(record['output_tokens'])
  const details = objectOf(record['token_details'])
  if ('cache_read_input_tokens' in details || 'cache_creation_input_tokens' in details) {
    return readAnthropicUsage({ ...details, ...counts('input_tokens', input, output) })
  }
  if ('cachedContentTokenCount' in details || 'thoughtsTokenCount' in details) {
    const reasoning = countOf(details['thoughtsTokenCount'])
    const cacheRead = countOf(details['cachedContentTokenCount'])
    return disjointUsage({ input, output, cacheRead, reasoning }, 'included')
  }
  return readOpenAiUsage({ ...details, ...counts('prompt_tokens', input, output) })
}

const counts = (
  name: 'input_tokens' | 'prompt_tokens',
  input: number | undefined,
  output: number | undefined,
): JsonObject =>
  name === 'input_tokens'
    ? { input_tokens: input, output_tokens: output }
    : { prompt_tokens: input, completion_tokens: output }

/** Prompt, parameters and answer: of a turn by its chain of messages, of a response by its columns. */
function exchangeOf(record: JsonObject, model: string): Partial<Request> {
  const options = objectOf(record['options_json'])
  const chain = listOf(record['chain']).map(objectOf)
  const isTurn = 'tip_message_hash' in record
  const messages = isTurn ? turnMessages(chain) : responseMessages(record)
  const answer = isTurn
    ? chain
        .filter(isAnswer)
        .map((message) => textOfParts(message) ?? '')
        .join('')
    : textOf(record['response'])
  const asked = messages.length > 0 ? { ...options, model, messages } : undefined
  const {
    prompt,
    params,
    answer: read,
  } = readBodies({ model, asked, answered: wireAnswer(answer) })
  return defined({
    prompt,
    params: params ?? (isEmpty(options) ? undefined : options),
    answer: read,
  })
}

const wireAnswer = (text: string | undefined): JsonObject | undefined =>
  text ? { choices: [{ message: { role: 'assistant', content: text } }] } : undefined

/** What the plugin sent, where it logged that; else the system prompt, the conversation so far and the question. */
function responseMessages(record: JsonObject): readonly JsonObject[] {
  const sent = listOf(objectOf(record['prompt_json'])['messages'])
  if (sent.length > 0) return sent.map(objectOf)
  const question = textOf(record['prompt'])
  const system = textOf(record['system'])
  if (question === undefined && system === undefined) return []
  const before = listOf(record['history']).flatMap((wire) => {
    const turn = objectOf(wire)
    return [said('user', turn['prompt']), said('assistant', turn['response'])]
  })
  return [
    ...(system === undefined ? [] : [said('system', system)]),
    ...before,
    said('user', question),
  ]
}

const said = (role: string, content: Json | undefined): JsonObject => ({
  role,
  content: content ?? '',
})

const isAnswer = (message: JsonObject): boolean =>
  message['answer'] === 1 || message['answer'] === true

/** The chain before the answer; nothing where a part of it is not text: half a prompt would be another prompt. */
function turnMessages(chain: readonly JsonObject[]): readonly JsonObject[] {
  const messages: JsonObject[] = []
  for (const message of chain) {
    if (isAnswer(message)) continue
    const text = textOfParts(message)
    if (text === undefined) return []
    messages.push(said(textOf(message['role']) ?? 'user', text))
  }
  return messages
}

/** The text of a message; undefined where a part quotes a fragment, an attachment or a tool. */
function textOfParts(message: JsonObject): string | undefined {
  let text = ''
  for (const part of listOf(message['parts']).map(objectOf)) {
    if (part['type'] === 'reasoning') continue
    if (part['type'] !== 'text' || typeof part['text'] !== 'string') return undefined
    text += part['text']
  }
  return text
}
