import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { hasServe, servesAt } from '../../support/gateway-program.ts'
import { freePort, startServer } from '../../support/server-process.ts'
import { plainEnvironment } from '../measure.ts'
import type { Preparation } from './subject.ts'

/** By what their policy asks of them; its file is in `policies/`. */
export const ours = {
  passThrough: 'llmcost serve, passing through',
  governed: 'llmcost serve, budgets and cache',
} as const

const policies = {
  [ours.passThrough]: 'pass-through.yaml',
  [ours.governed]: 'governed.yaml',
} as const

/** `launcher`: the command's bin/llmcost.js; `suffix` tells one build from another. */
export function prepareLlmcost(launcher: string, suffix = ''): readonly Preparation[] {
  if (!hasServe(launcher))
    return [{ missing: `llmcost serve${suffix}: this build has no such command` }]
  return Object.values(ours).map((name) => ({
    name: `${name}${suffix}`,
    role: 'measured',
    async start({ folder, upstreamUrl, pin }) {
      const policy = join(folder, 'llmcost.yaml')
      writeFileSync(policy, policyText(policies[name], upstreamUrl))
      const adminPort = await freePort()
      const server = await startServer({
        argv: pin([
          process.execPath,
          ...[launcher, 'serve', '--policy', policy, '--db', join(folder, 'store.db')],
          ...['--port', '0', '--admin-port', String(adminPort)],
        ]),
        env: plainEnvironment(),
        cwd: folder,
        ready: servesAt,
      })
      return { url: server.said, headers: spender, process: server }
    },
  }))
}

/** Whose budgets are asked. */
const spender = { 'x-llmcost-user': 'user-1', 'x-llmcost-feature': 'support' }

const folder = resolve(import.meta.dirname, 'policies')

/** A policy of the bench, in front of this upstream. */
export const policyText = (file: string, upstreamUrl: string): string =>
  readFileSync(join(folder, file), 'utf8').replaceAll('UPSTREAM', upstreamUrl)
