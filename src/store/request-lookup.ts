import type { RequestLookup, StoredMessage } from '../domain/columns.ts'
import { partitionLength } from '../domain/keys.ts'
import { keyNumber } from '../domain/row.ts'
import type { Database, SqlRow } from './database.ts'

const selectMessage = `SELECT hash, parent, role, content, isJson
  FROM messages LEFT JOIN contents ON message = id WHERE key = ? AND hash = ?`

/** Longest chain followed; longer conversations are cut at their start. */
const longestChain = 10_000

/** Looks up single requests: their texts, messages and what else they hold. */
export function openRequestLookup(database: Database): RequestLookup {
  const message = database.prepare(selectMessage)
  const messageAt = (hash: unknown): StoredMessage | null => {
    const row =
      hash === null || hash === undefined || hash === ''
        ? undefined
        : message.get(keyNumber(String(hash)), String(hash))
    return row === undefined ? null : readMessage(row)
  }
  const cell = (column: string) => {
    const statement = database.prepare(`SELECT ${column} AS cell FROM requests WHERE seq = ?`)
    return (seq: number) => statement.get(seq)?.['cell'] ?? null
  }
  const cells = {
    user: cell('user'),
    session: cell('session'),
    trace: cell('trace'),
    id: cell('coalesce(id, responseId)'),
  }
  const promptTip = cell('promptTip')
  const answerKey = cell('answerKey')
  const partition = cell(`substr(exactKey, 1, ${partitionLength})`)
  const extra = cell('extra')
  return {
    textOf: (seq, column) => cells[column](seq) as string | null,
    messagesOf(seq) {
      const chain: StoredMessage[] = []
      for (
        let link = messageAt(promptTip(seq));
        link !== null && chain.length < longestChain;
        link = messageAt(link.parent)
      ) {
        chain.push(link)
      }
      return chain.reverse()
    },
    questionOf(seq) {
      let link = messageAt(promptTip(seq))
      while (link !== null && link.role !== 'user') link = messageAt(link.parent)
      return link === null ? null : textOf(link)
    },
    answerOf: (seq) => messageAt(answerKey(seq)),
    partitionOf: (seq) => partition(seq) as string | null,
    extraOf: (seq) => {
      const json = extra(seq)
      return json === null ? {} : (JSON.parse(String(json)) as Record<string, unknown>)
    },
  }
}

const readMessage = (row: SqlRow): StoredMessage => ({
  hash: String(row['hash']),
  parent: String(row['parent']),
  role: String(row['role']),
  content: row['content'] as string | null,
  isJson: row['isJson'] === 1,
})

/** A stored message's text: of a list of parts the text parts, joined. */
export function textOf({ content, isJson }: StoredMessage): string | null {
  if (content === null || !isJson) return content
  const { content: inner } = JSON.parse(content) as { content: unknown }
  if (typeof inner === 'string') return inner
  if (!Array.isArray(inner)) return content
  return inner
    .map((part: { text?: unknown }) => (typeof part?.text === 'string' ? part.text : ''))
    .join('\n')
}
