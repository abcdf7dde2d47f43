// Sends the suite through `llmcost serve` in front of `llmcost mock`, then runs `llmcost check` on what passed:
//   node run.js --save baseline.json
//   node run.js --baseline origin/main:baseline.json --max-increase 0
// With OPENAI_BASE_URL and OPENAI_API_KEY set the gateway asks that model instead of the mock.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const here = (name) => fileURLToPath(new URL(name, import.meta.url))
// The checkout's own; LLMCOST names another one, such as node_modules/llmcost/bin/llmcost.js.
const program = process.env.LLMCOST ?? here('../../../bin/llmcost.js')
const folder = mkdtempSync(join(tmpdir(), 'llmcost-suite-'))
const env = { ...process.env, LLMCOST_DB: join(folder, 'run.db') }

const llmcost = (args, options) => spawn(process.execPath, [program, ...args], { env, ...options })

/** Starts a server and gives its OPENAI_BASE_URL, which it prints. */
async function start(args, more = {}) {
  const child = llmcost(args, { env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(child.stdout)) {
    const [, url] = /^OPENAI_BASE_URL=(\S+)/.exec(line) ?? []
    if (url !== undefined) return { url, child }
  }
  throw new Error(`llmcost ${args[0]} did not start`)
}

async function stop({ child }) {
  const ended = once(child, 'exit')
  child.kill()
  await ended
}

/** One test: its own header names the scenario, whatever the prompt says. */
async function ask(baseUrl, { scenario, question }, system) {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${process.env.OPENAI_API_KEY ?? 'any key will do'}`,
      'x-llmcost-scenario': scenario,
    },
    body: JSON.stringify({
      model: 'gpt-4o-mini',
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: question },
      ],
    }),
  })
  if (!response.ok) throw new Error(`${scenario}: ${response.status}`)
  const { choices } = await response.json()
  if (choices[0].message.content === '') throw new Error(`${scenario}: no answer`)
}

/** The prompt under test: all of it, and what only one scenario is told besides. */
function systemOf({ prompt }) {
  const common = readFileSync(here('prompts/support.md'), 'utf8')
  return prompt === undefined ? common : common + readFileSync(here(`prompts/${prompt}`), 'utf8')
}

async function runSuite() {
  const isLive = process.env.OPENAI_BASE_URL !== undefined
  const mock = isLive ? null : await start(['mock', '--port', '0', '--config', here('mock.yaml')])
  const upstream = isLive ? {} : { OPENAI_BASE_URL: mock.url }
  const gateway = await start(['serve', '--port', '0', '--admin-port', '0', '-q'], upstream)
  try {
    const scenarios = JSON.parse(readFileSync(here('scenarios.json'), 'utf8'))
    for (const scenario of scenarios) await ask(gateway.url, scenario, systemOf(scenario))
  } finally {
    await stop(gateway)
    if (mock !== null) await stop(mock)
  }
}

try {
  await runSuite()
  const [code] = await once(
    llmcost(['check', ...process.argv.slice(2)], { stdio: 'inherit' }),
    'exit',
  )
  process.exitCode = code
} finally {
  rmSync(folder, { recursive: true, force: true })
}
