import { UserError } from '../domain/user-error.ts'
import type { Database } from './database.ts'
import { forecastTables } from './forecasts.ts'
import { createViews } from './views.ts'

export type Migration = { readonly name: string; readonly up: (database: Database) => void }

/** In order, never edited once released. Each runs in a transaction with the record that it ran. */
const migrations: readonly Migration[] = [
  { name: '0001-first-tables', up: (database) => database.exec(firstTables) },
  { name: '0002-vectors', up: (database) => database.exec(vectorTables) },
  { name: '0003-arrays', up: (database) => database.exec(arrayTables) },
  { name: '0004-verdicts', up: (database) => database.exec(verdictTables) },
  { name: '0005-replies', up: (database) => database.exec(replyTables) },
  { name: '0006-forecasts', up: (database) => database.exec(forecastTables) },
]

/** Refuses another program's database, before anything in it is changed. */
export function refuseForeign(database: Database): void {
  const tables = database.prepare(selectTables).all()
  if (tables.length === 0 || tables.some((row) => row['name'] === 'migrations')) return
  throw new UserError(`${database.path} is not an llmcost store but a database of something else`, {
    hint: 'name another place with --db',
  })
}

const selectTables = "SELECT name FROM sqlite_master WHERE type = 'table'"

/** Brings a store to this version's schema; refuses one that a newer version made. */
export function migrate(database: Database): void {
  runMigrations(database, migrations)
  createViews(database)
}

/** Runs those of a database's migrations that it has not seen; refuses one that has seen others. */
export function runMigrations(database: Database, migrations: readonly Migration[]): void {
  database.exec(
    'CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, version INTEGER NOT NULL)',
  )
  const done = database
    .prepare('SELECT name FROM migrations ORDER BY version')
    .all()
    .map((row) => row['name'])
  const unknown = done.find((name) => !migrations.some((migration) => migration.name === name))
  if (unknown !== undefined) {
    throw new UserError(`${database.path} was made by a newer llmcost (it has "${unknown}")`, {
      hint: 'update llmcost, or name another store with --db',
    })
  }
  for (const [index, { name, up }] of migrations.entries()) {
    if (done.includes(name)) continue
    database.transaction(() => {
      // Another process may have been first while this one waited for the lock.
      if (database.prepare('SELECT 1 FROM migrations WHERE name = ?').get(name) !== undefined)
        return
      up(database)
      database.prepare('INSERT INTO migrations (name, version) VALUES (?, ?)').run(name, index + 1)
    })
  }
}

const firstTables = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE files (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  format TEXT NOT NULL,
  settings TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtimeMs REAL NOT NULL,
  headHash TEXT NOT NULL,
  headLength INTEGER NOT NULL,
  byteOffset INTEGER NOT NULL,
  line INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  counts TEXT NOT NULL
);
CREATE TABLE rejects (
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  byteOffset INTEGER NOT NULL,
  reason TEXT NOT NULL,
  excerpt TEXT
);
CREATE INDEX rejectsByFile ON rejects (file);
CREATE TABLE profiles (id INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE prices (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, json TEXT NOT NULL);
CREATE TABLE messages (
  id INTEGER PRIMARY KEY,
  key INTEGER NOT NULL,
  hash TEXT NOT NULL,
  parent TEXT NOT NULL,
  role TEXT NOT NULL,
  isJson INTEGER NOT NULL
);
CREATE TABLE contents (message INTEGER PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE requests (
  seq INTEGER PRIMARY KEY,
  file INTEGER NOT NULL,
  line INTEGER NOT NULL,
  byteOffset INTEGER NOT NULL,
  identity INTEGER NOT NULL,
  id TEXT,
  responseId TEXT,
  profile INTEGER NOT NULL,
  at INTEGER,
  latencyMs REAL,
  firstTokenMs REAL,
  inputTokens INTEGER NOT NULL,
  cacheReadTokens INTEGER NOT NULL,
  cacheWrite5mTokens INTEGER NOT NULL,
  cacheWrite1hTokens INTEGER NOT NULL,
  outputTokens INTEGER NOT NULL,
  reasoningTokens INTEGER NOT NULL,
  costInput INTEGER,
  costCacheRead INTEGER,
  costCacheWrite INTEGER,
  costOutput INTEGER,
  costTools INTEGER,
  costOther INTEGER,
  cost INTEGER,
  loggedCost INTEGER,
  price INTEGER,
  flags INTEGER NOT NULL,
  user TEXT,
  session TEXT,
  trace TEXT,
  exactKey TEXT,
  questionKey TEXT,
  promptTip TEXT,
  answerKey TEXT,
  systemKey TEXT,
  systemTokens INTEGER NOT NULL,
  historyKey TEXT,
  historyTokens INTEGER NOT NULL,
  stepKey TEXT,
  extra TEXT
);
CREATE INDEX messagesByKey ON messages (key);
CREATE TABLE twins (identity INTEGER NOT NULL, request INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (identity, seq)) WITHOUT ROWID;
CREATE TABLE aggregates (file INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE columns (segment INTEGER NOT NULL, name TEXT NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (segment, name)) WITHOUT ROWID;
CREATE TABLE results (key TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
`

const vectorTables = `
CREATE TABLE embedders (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE);
CREATE TABLE vectors (
  id INTEGER PRIMARY KEY,
  embedder INTEGER NOT NULL,
  textHash TEXT NOT NULL,
  bytesPerCell INTEGER NOT NULL,
  cells BLOB,
  UNIQUE (embedder, textHash)
);
`

const arrayTables = `
CREATE TABLE arrays (key TEXT NOT NULL, name TEXT NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (key, name));
`

const verdictTables = `
CREATE TABLE verdicts (
  servedHash TEXT NOT NULL,
  ownHash TEXT NOT NULL,
  kind TEXT NOT NULL,
  by TEXT NOT NULL,
  verdict TEXT NOT NULL,
  exploratory INTEGER NOT NULL,
  PRIMARY KEY (servedHash, ownHash, kind, by)
) WITHOUT ROWID;
`

const replyTables = `
CREATE TABLE replies (
  callKey TEXT NOT NULL,
  target TEXT NOT NULL,
  turn INTEGER NOT NULL,
  run TEXT NOT NULL,
  seq INTEGER,
  state TEXT NOT NULL,
  reserved INTEGER NOT NULL,
  lost INTEGER NOT NULL DEFAULT 0,
  cost INTEGER,
  isBatch INTEGER NOT NULL DEFAULT 0,
  answer TEXT,
  PRIMARY KEY (callKey, target, turn)
);
CREATE INDEX repliesByRun ON replies (run);
CREATE TABLE measurements (
  run TEXT NOT NULL,
  caseId TEXT NOT NULL,
  target TEXT NOT NULL,
  seq INTEGER,
  promptKey TEXT,
  questionKey TEXT,
  scorer TEXT NOT NULL,
  score REAL,
  output TEXT,
  question TEXT,
  call TEXT,
  costNanoUsd INTEGER,
  inputTokens INTEGER,
  outputTokens INTEGER,
  latencyMs REAL,
  PRIMARY KEY (run, caseId, target)
) WITHOUT ROWID;
`
