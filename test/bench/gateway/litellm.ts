import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, startServer } from '../../support/server-process.ts'
import { plainEnvironment } from '../measure.ts'
import { cachedFolder } from '../work-folder.ts'
import { install } from './install.ts'
import type { Preparation } from './subject.ts'
import { model } from './wire.ts'

const version = '1.106.2'

export const litellm = `LiteLLM ${version}, one worker`

/** LiteLLM's proxy in a virtual environment, from PyPI once. */
export function prepareLitellm(): Preparation {
  const folder = cachedFolder(`litellm-${version}`)
  const program = join(folder, 'bin/litellm')
  if (!existsSync(program)) {
    const failure = install(litellm, folder, [
      ['python3', '-m', 'venv', folder],
      [join(folder, 'bin/pip'), 'install', '--quiet', `litellm[proxy]==${version}`],
    ])
    if (failure !== null) return failure
  }
  return {
    name: litellm,
    role: 'peer',
    async start({ upstreamUrl, pin, folder: own }) {
      const port = await freePort()
      const url = `http://127.0.0.1:${port}`
      const config = join(own, 'litellm.yaml')
      writeFileSync(config, configFor(upstreamUrl))
      const args = ['--config', config, '--host', '127.0.0.1', '--port', String(port)]
      const server = await startServer({
        argv: pin([program, ...args, '--num_workers', '1', '--telemetry', 'False']),
        env: { ...plainEnvironment(), LITELLM_LOG: 'ERROR', LITELLM_LOCAL_MODEL_COST_MAP: 'True' },
        cwd: own,
        ready: `${url}/health/liveliness`,
      })
      return { url, headers: {}, process: server }
    },
  }
}

/** JSON, which YAML holds. No key is asked for, as by none of the others. */
const configFor = (upstreamUrl: string): string =>
  JSON.stringify({
    general_settings: { dangerously_permit_weak_or_unset_master_key: true },
    model_list: [
      {
        model_name: model,
        litellm_params: {
          model: `openai/${model}`,
          api_base: `${upstreamUrl}/v1`,
          api_key: 'sk-bench',
        },
      },
    ],
  })
