import type { AdminPorts } from '../../src/serve/admin-ports.ts'

/** An entry of a cache, with what a log could do to a page or a terminal. */
export const listed = {
  layer: 'exact',
  id: 'req_1',
  key: 'k',
  namespace: 'a\u001b[31m\nb',
  facts: { model: 'gpt-4o', user: '</script><b>', tags: new Map([['release', '41']]) },
  bornMs: Date.UTC(2026, 0, 1),
  ageMs: 5_000,
  expiresAtMs: null,
  hits: 3,
  bytes: 812,
} as const

/** Ports of nothing in particular; what they are asked for is kept. */
export function recordingPorts(parts: Partial<AdminPorts> = {}) {
  const asked: unknown[][] = []
  const ports: AdminPorts = {
    page: { html: '<h1>hi</h1>', contentSecurityPolicy: "default-src 'self'" },
    events: (_, response) => response.writeHead(200).end('data: 1\n\n'),
    snapshot: () => ({ kind: 'serve-status' }),
    metrics: () => ({ contentType: 'text/plain', text: 'up 1\n' }),
    health: () => ({ status: 'degraded', why: ['disk: 1 MiB'] }),
    isReady: () => true,
    cache: {
      list(options) {
        asked.push(['list', options])
        return []
      },
      find: (name) => (name === listed.id ? [listed] : []),
      invalidate(scope, options) {
        asked.push(['invalidate', scope, options])
        return { exact: 2, semantic: 1, bytes: 300 }
      },
    },
    budgets: () => [],
    intents: () => [],
    reconcile(id, cost) {
      asked.push(['reconcile', id, cost])
      return id === 'req_1'
    },
    breakers: () => [],
    resetBreaker: (target) => target === 'openai:gpt-4o',
    trials: () => [{ layer: 'semantic', group: 'faq', threshold: 0.95 }],
    resetTrials: (layer) => void asked.push(['resetTrials', layer]),
    reload: async () => ({ kind: 'unchanged', fingerprint: 'f' }),
    resources: null,
    ...parts,
  }
  return { ports, asked }
}
