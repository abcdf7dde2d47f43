import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { noCallLimits } from '../../src/domain/provider.ts'
import type * as LiveProviders from '../../src/providers/live-providers.ts'
import { plainCall } from './calls.ts'
import { respond, startRawServer } from './raw-server.ts'
import { wireAnswers } from './wire-answers.ts'

test('both SDKs answer from a bundle too, and are in chunks that load when they are asked', async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'llmcost-bundle-'))
  const server = await startRawServer((socket, { head }) => {
    const { whole } = wireAnswers[/messages/.test(head) ? 'anthropic-messages' : 'openai-chat']
    socket.end(respond(200, { 'content-type': 'application/json' }, JSON.stringify(whole)))
  })
  try {
    const { metafile } = await build({
      entryPoints: [resolve(import.meta.dirname, '../../src/providers/live-providers.ts')],
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      outdir,
      outExtension: { '.js': '.mjs' },
      metafile: true,
      banner: {
        js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
      },
    })
    const entry = Object.values(metafile.outputs).find(({ entryPoint }) =>
      entryPoint?.endsWith('live-providers.ts'),
    )
    const eager = Object.keys(entry?.inputs ?? {}).filter((path) =>
      /openai\/|@anthropic|undici/.test(path),
    )
    expect(eager).toEqual([])
    const bundled: typeof LiveProviders = await import(
      /* @vite-ignore */ pathToFileURL(join(outdir, 'live-providers.mjs')).href
    )
    const providers = bundled.openLiveProviders({
      own: [],
      env: {
        OPENAI_BASE_URL: `${server.url}/v1`,
        OPENAI_API_KEY: 'sk-planted',
        ANTHROPIC_BASE_URL: server.url,
        ANTHROPIC_API_KEY: 'sk-planted',
      },
    })
    for (const target of ['openai:small', 'anthropic:small']) {
      const { provider, model } = await providers.find(target)
      const answer = await provider.ask({ ...plainCall, model }, { limits: noCallLimits })
      expect(answer.kind).toBe('answered')
    }
    await providers.close()
  } finally {
    await server.close()
    rmSync(outdir, { recursive: true })
  }
})
