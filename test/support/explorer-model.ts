import type { Evaluation, ExplorerModel } from '../../src/report/simulate-explorer.ts'

/** A model whose figures follow from its settings: fewer hits the stricter, none shared between users. */
export const explorerModel: ExplorerModel = {
  thresholds: [0.99, 0.95, 0.92, 0.9, 0.85, 0.8],
  ttls: [3_600, 86_400, null],
  namespaces: ['shared', 'tenant', 'user'],
  routes: ['as logged', 'signals'],
  start: { threshold: 0.92, ttlSeconds: 86_400, namespace: 'tenant', route: 'as logged' },
  evaluate: ({ threshold, namespace, route }): Evaluation => {
    const isAlone = namespace === 'user'
    const semanticHits = isAlone ? 0 : Math.round(100_000 * (1 - threshold))
    return {
      hitRate: (semanticHits + 1_000) / 40_000,
      exactHits: 1_000,
      semanticHits,
      cacheable: 40_000,
      wrongPerHit: isAlone ? null : { low: 1 - threshold, high: 1.5 * (1 - threshold) },
      spendUsd: (route === 'signals' ? 60 : 100) - semanticHits / 1_000,
      baselineUsd: 100,
      pairs: [
        {
          question: `How do I pay at ${threshold}?\u001b[31m`,
          servedQuestion: 'How do I get paid?',
          similarity: threshold,
          verdict: 'wrong',
        },
        { question: null, servedQuestion: null, similarity: 0.99, verdict: null },
      ],
    }
  },
}
