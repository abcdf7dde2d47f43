import { isObject, type Json, type JsonObject, objectOf, textOf } from '../domain/json.ts'

/**
 * Who asked, as a request's body says it: OpenAI's `user` or `safety_identifier` and `conversation`, then `metadata`
 * of either vendor. Objects of plain names, the more telling first.
 */
export function readBodyIdentity(body: JsonObject): readonly JsonObject[] {
  const { user, safety_identifier: safety, conversation, metadata } = body
  const sources: JsonObject[] = []
  const named = textOf(user) ?? textOf(safety)
  if (named !== undefined) sources.push({ user: named })
  const session = isObject(conversation) ? textOf(conversation['id']) : textOf(conversation)
  if (session !== undefined) sources.push({ session })
  if (isObject(metadata)) sources.push(metadataOf(metadata))
  return sources
}

function metadataOf(metadata: JsonObject): JsonObject {
  const named = readCodingAgent(metadata['user_id'])
  return named === null ? metadata : { ...metadata, ...named }
}

/**
 * Claude Code puts account and session into one user id: "user_HASH_account_UUID_session_UUID", later an object as
 * JSON text. Taken whole it would be a new user in every session, and no budget of a user would ever be reached.
 */
function readCodingAgent(id: Json | undefined): JsonObject | null {
  if (typeof id !== 'string' || id.length > longestId) return null
  const told = objectOf(id)
  const session = textOf(told['session_id'])
  if (session !== undefined)
    return { user_id: textOf(told['account_uuid']) ?? textOf(told['device_id']), session }
  const [, user, account, sessionId] = legacyId.exec(id) ?? []
  if (sessionId === undefined) return null
  return { user_id: account || user, session: sessionId }
}

const longestId = 1000
const legacyId = /^(user_[\da-f]+)_account_([\da-f-]*)_session_([\da-f-]+)$/
