import { wirePrompt } from '../dialects/stored-call.ts'
import type { JsonObject } from '../domain/json.ts'
import type { RequestFacts } from '../engine/request-facts.ts'
import type { RewriteRequest } from '../engine/rewrite-request.ts'
import type { Policy } from '../policy/policy.ts'
import type { BodyEdit } from './edit-body.ts'
import type { Inbound } from './inbound.ts'

/** What the policy's rules change in a request before any model gets it, by the names that receipts give it. */
export type Rewrites = { readonly edits: readonly BodyEdit[]; readonly names: readonly string[] }

export type RewritesOf = (inbound: Inbound, facts: RequestFacts) => Promise<Rewrites> | Rewrites

const untouched: Rewrites = { edits: [], names: [] }

/** What a policy's rules on prompts and outputs do to requests. */
export function openRewrites(policy: Policy, rules: RewriteRequest): RewritesOf {
  if (policy.compress.length === 0 && policy.outputCaps.length === 0) return () => untouched
  return (inbound, facts) => (rules.applies(facts) ? rewritten(rules, inbound, facts) : untouched)
}

async function rewritten(
  rules: RewriteRequest,
  { endpoint, request }: Inbound,
  facts: RequestFacts,
): Promise<Rewrites> {
  const after = await rules.rewrite(facts).catch(() => null)
  // A prompt that could not be shortened is asked as it is.
  if (after === null) return { edits: [], names: ['compress-failed'] }
  const edits: BodyEdit[] = []
  const names: string[] = []
  if (endpoint.dialect !== null && after.prompt !== undefined && after.prompt !== request.prompt) {
    const fields = wirePrompt(endpoint.dialect, after.prompt)
    for (const [name, value] of Object.entries(fields))
      if (value !== undefined) edits.push({ name, value })
    names.push('compressed')
  }
  const caps = changedParams(request.params ?? {}, after.params ?? {})
  if (caps.length > 0) names.push('output-cap')
  return { edits: [...edits, ...caps], names }
}

const changedParams = (before: JsonObject, after: JsonObject): readonly BodyEdit[] =>
  Object.entries(after).flatMap(([name, value]) =>
    before[name] === value ? [] : [{ name, value }],
  )
