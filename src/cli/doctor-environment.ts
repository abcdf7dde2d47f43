import { UserError } from '../domain/user-error.ts'
import { openDatabase } from '../store/database.ts'
import { nativeDriverVersion, sqliteVersion } from '../store/store-facts.ts'
import { type Check, ok, warn } from './doctor-check.ts'
import { packageVersion } from './package-version.ts'
import { type Terminal, viewOf } from './terminal.ts'

const leastNode = 20

/** llmcost itself, Node, and the SQLite under it. */
export async function versionChecks(terminal: Terminal): Promise<readonly Check[]> {
  const { version, platform, arch } = process
  const isOld = Number(version.slice(1).split('.')[0]) < leastNode
  const node = `${version.slice(1)} on ${platform} ${arch}`
  return [
    ok('llmcost', packageVersion()),
    isOld ? warn('node', node, `llmcost needs Node ${leastNode} or newer`) : ok('node', node),
    await sqliteCheck(terminal),
  ]
}

async function sqliteCheck({ env }: Terminal): Promise<Check> {
  try {
    const asked = env['LLMCOST_SQLITE']
    const database = await openDatabase(':memory:', { driver: asked })
    const version = sqliteVersion(database)
    database.close()
    if (database.driver === 'better-sqlite3') {
      return ok('sqlite', `${version} by better-sqlite3 ${nativeDriverVersion() ?? ''}`.trimEnd())
    }
    const value = `${version} by node:sqlite`
    if (asked === 'node') return ok('sqlite', `${value}, as LLMCOST_SQLITE asks`)
    const installed = nativeDriverVersion()
    return warn(
      'sqlite',
      `${value}; better-sqlite3 ${installed === null ? 'is not installed' : 'has no binary here'}`,
      'this works; for the tested default run npm rebuild better-sqlite3 with install scripts allowed',
    )
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return warn('sqlite', error.message, error.hint ?? '')
  }
}

/** Environment variables that hold the keys of providers. Their values are never read further than to see them. */
const providerKeys = [
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'GEMINI_API_KEY',
  'GOOGLE_API_KEY',
  'AZURE_OPENAI_API_KEY',
  'AWS_ACCESS_KEY_ID',
  'OPENROUTER_API_KEY',
  'MISTRAL_API_KEY',
  'DEEPSEEK_API_KEY',
  'GROQ_API_KEY',
  'XAI_API_KEY',
  'TOGETHER_API_KEY',
  'FIREWORKS_API_KEY',
  'COHERE_API_KEY',
] as const

export function environmentChecks({ env }: Terminal): readonly Check[] {
  const state = (name: string) => (env[name] === undefined || env[name] === '' ? 'not set' : 'set')
  const proxy = ['HTTPS_PROXY', 'https_proxy'].find((name) => state(name) === 'set')
  return [
    ...providerKeys.map((name) => ok(name, state(name))),
    proxy === undefined
      ? ok('proxy', 'not set')
      : ok('proxy', `${proxy} is set`, 'llmcost prices update --url does not fetch through it'),
    ok('NODE_EXTRA_CA_CERTS', state('NODE_EXTRA_CA_CERTS')),
  ]
}

export function terminalCheck({ stdout, env }: Terminal): Check {
  const { width, color, unicode } = viewOf(stdout, env)
  const kind = stdout.isTTY === true ? 'a terminal' : 'a pipe or file'
  const colors = color ? 'colour' : `no colour${env['NO_COLOR'] ? ' (NO_COLOR)' : ''}`
  return ok('output', `${kind}, ${width} columns, ${colors}, ${unicode ? 'unicode' : 'ASCII only'}`)
}
