// Loaded into a child process before llmcost: ends it with SIGKILL at a statement of its main thread's databases.
// KILL_AT is {"sql": a regular expression, "nth": which match, "when": "before" or "after" it}.
import { createRequire } from 'node:module'
import { isMainThread } from 'node:worker_threads'

const { sql, nth, when } = JSON.parse(process.env.KILL_AT ?? '{}')
const wanted = new RegExp(sql)
let seen = 0

if (isMainThread) {
  const { prototype } = createRequire(import.meta.url)('better-sqlite3')
  for (const method of ['exec', 'prepare']) {
    const original = prototype[method]
    prototype[method] = function (text) {
      const kills = wanted.test(text) && ++seen === nth
      if (kills && when === 'before') process.kill(process.pid, 'SIGKILL')
      const result = original.call(this, text)
      if (kills) process.kill(process.pid, 'SIGKILL')
      return result
    }
  }
}
