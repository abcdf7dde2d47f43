// Floor (b): what a store of the same content costs at least, on one thread and with nothing else: parses, hashes the
// chain of messages, inserts a row of 25 columns, appends each distinct message once, builds the index at the end.
// node insert.mjs FILE DATABASE
import * as crypto from 'node:crypto'
import Database from 'better-sqlite3'
import { readLines } from './lines.mjs'

const rowsPerCommit = 20_000
const columns = [
  'line',
  'responseId',
  'at',
  'model',
  'latencyMs',
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'outputTokens',
  'reasoningTokens',
  'costInput',
  'costOutput',
  'cost',
  'price',
  'flags',
  'user',
  'session',
  'trace',
  'feature',
  'plan',
  'exactKey',
  'promptTip',
  'answerKey',
  'systemKey',
  'extra',
]

const sha256 =
  crypto.hash === undefined
    ? (text) => crypto.createHash('sha256').update(text).digest('hex')
    : (text) => crypto.hash('sha256', text, 'hex')

const database = new Database(process.argv[3])
database.exec(`PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE requests (seq INTEGER PRIMARY KEY, ${columns.join(', ')});
  CREATE TABLE messages (id INTEGER PRIMARY KEY, key INTEGER, hash TEXT, parent TEXT, role TEXT, content TEXT)`)
const insertRequest = database.prepare(
  `INSERT INTO requests (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
)
const insertMessage = database.prepare(
  'INSERT INTO messages (key, hash, parent, role, content) VALUES (?, ?, ?, ?, ?)',
)
/** The first 48 bits of each hash: enough to tell some millions of messages apart, and small. */
const seen = new Set()

let rows = 0
database.exec('BEGIN')
for (const line of readLines(process.argv[2])) {
  insertRequest.run(cellsOf(JSON.parse(line), ++rows))
  if (rows % rowsPerCommit === 0) database.exec('COMMIT; BEGIN')
}
database.exec('COMMIT; CREATE INDEX messagesByKey ON messages (key)')
database.close()
process.stdout.write(`${rows}\n`)

function cellsOf(record, row) {
  const { request, response } = record
  const keys = keysOf(request.messages, response.choices[0].message.content)
  const input = response.usage.prompt_tokens
  const output = response.usage.completion_tokens
  return [
    row,
    response.id,
    Date.parse(record.timestamp),
    request.model,
    record.latency_ms,
    input,
    0,
    0,
    output,
    0,
    input * 2500,
    output * 10_000,
    input * 2500 + output * 10_000,
    1,
    0,
    record.user,
    record.session,
    record.trace,
    record.feature,
    record.plan,
    sha256(`${request.model}\n${request.temperature}\n${keys.tip}`),
    keys.tip,
    keys.answer,
    keys.system,
    null,
  ]
}

function keysOf(messages, answer) {
  let tip = ''
  let system = null
  for (const { role, content } of messages) {
    tip = keep(tip, role, content)
    system ??= tip
  }
  return { tip, system, answer: keep(tip, 'assistant', answer) }
}

function keep(parent, role, content) {
  const hash = sha256(`${parent}\n${role}\n${content}`)
  const key = Number.parseInt(hash.slice(0, 12), 16)
  if (!seen.has(key)) {
    seen.add(key)
    insertMessage.run(key, hash, parent, role, content)
  }
  return hash
}
