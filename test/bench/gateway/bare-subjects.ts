import { startServer } from '../../support/server-process.ts'
import { plainEnvironment } from '../measure.ts'
import type { Subject } from './subject.ts'

export const direct = 'direct'
export const bare = 'bare proxy'
export const bareWithParse = 'bare proxy, parse + SHA-256 + usage'

/** What no gateway can be quicker than. `program`: the bundled bare proxy. */
export const bareSubjects = (program: string): readonly Subject[] => [
  {
    name: direct,
    role: 'floor',
    start: async ({ upstreamUrl }) => ({ url: upstreamUrl, headers: {}, process: null }),
  },
  bareSubject(bare, program, 'nothing'),
  bareSubject(bareWithParse, program, 'parse'),
]

const bareSubject = (name: string, program: string, work: string): Subject => ({
  name,
  role: 'floor',
  async start({ upstreamUrl, pin }) {
    const server = await startServer({
      argv: pin([process.execPath, program, upstreamUrl, work]),
      env: plainEnvironment(),
      ready: /^(http:\S+)$/m,
    })
    return { url: server.said, headers: {}, process: server }
  },
})
