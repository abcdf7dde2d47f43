import { stringify } from 'yaml'
import { numberOf, textOf } from '../../../src/domain/json.ts'
import type { Usage } from '../../../src/domain/usage.ts'
import { parsePolicy } from '../../../src/policy/parse-policy.ts'
import { startLiveGateway } from '../live-gateway.ts'
import type { Harness } from './harness.ts'

/** The gateway in the process of the tests. */
export const inProcess: Harness = {
  async start({ upstream, policy = {}, slowClientMs }) {
    const parsed = parsePolicy(stringify(policy), {
      nearest: () => null,
      knownModel: () => ({ known: true }),
    })
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems))
    const gateway = await startLiveGateway({
      env: { OPENAI_BASE_URL: `${upstream}/v1`, ANTHROPIC_BASE_URL: `${upstream}` },
      policy: parsed.policy,
      ...(slowClientMs !== undefined && { slowClientMs }),
    })
    return {
      url: gateway.url,
      records: async () =>
        gateway.settled().map(({ id, record, receipt }) => ({
          id,
          model: textOf(record['model']) ?? null,
          status: numberOf(record['statusCode']) ?? 0,
          usage: (record['usage'] as Usage | undefined) ?? null,
          costNanoUsd: receipt.steps.some(
            (step) => step.kind === 'attempt' && step.costNanoUsd === null,
          )
            ? null
            : receipt.costNanoUsd,
        })),
      close: gateway.close,
    }
  },
}
