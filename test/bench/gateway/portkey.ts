import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, startServer } from '../../support/server-process.ts'
import { plainEnvironment } from '../measure.ts'
import { cachedFolder } from '../work-folder.ts'
import { install } from './install.ts'
import type { Preparation } from './subject.ts'

const version = '1.15.2'
/** With newer ones, every stream is answered with a 500. */
const pinned = { hono: '4.9.7', '@hono/node-server': '1.13.8' }

export const portkey = `Portkey ${version}`

/** Portkey's open gateway, from the npm registry once. */
export function preparePortkey(): Preparation {
  const folder = cachedFolder(`portkey-${version}`)
  const program = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js')
  if (!existsSync(program)) {
    const manifest = {
      private: true,
      dependencies: { '@portkey-ai/gateway': version },
      overrides: pinned,
    }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']
    const failure = install(portkey, folder, [['npm', 'install', ...flags]])
    if (failure !== null) return failure
  }
  return {
    name: portkey,
    role: 'peer',
    async start({ upstreamUrl, pin }) {
      const port = await freePort()
      const url = `http://127.0.0.1:${port}`
      const server = await startServer({
        argv: pin([process.execPath, program, `--port=${port}`, '--headless']),
        env: { ...plainEnvironment(), NODE_ENV: 'production' },
        ready: url,
      })
      const headers = {
        'x-portkey-provider': 'openai',
        'x-portkey-custom-host': `${upstreamUrl}/v1`,
      }
      return { url, headers, process: server }
    },
  }
}
