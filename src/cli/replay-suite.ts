import { chatDialect } from '../dialects/chat/chat-dialect.ts'
import { readChatRequest } from '../dialects/openai-chat.ts'
import type { JsonObject } from '../domain/json.ts'
import type { InputSummary, Warning } from '../domain/report.ts'
import type { Request } from '../domain/request.ts'
import { noUsage } from '../domain/usage.ts'
import { UserError } from '../domain/user-error.ts'
import { labelBy } from '../engine/classify.ts'
import { compilePolicy } from '../engine/compile-policy.ts'
import { promptTokens } from '../engine/compress-prompt.ts'
import { RequestFacts } from '../engine/request-facts.ts'
import type { RewriteRequest } from '../engine/rewrite-request.ts'
import { readSuite, type Suite } from '../ingest/suite.ts'
import type { SuiteRow } from '../ingest/suite-row.ts'
import type { Policy } from '../policy/policy.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import { lengthBinOf, type ReplayCase, type Stratum, sharedStrata } from '../replay/case.ts'
import type { CostOf } from '../worlds/model-costs.ts'
import type { NeighbourClassifiers } from '../worlds/neighbour-classifier.ts'
import { readText } from './read-text.ts'
import { type CaseSource, questionKeysBy } from './replay-log.ts'

export type OpenedSuite = {
  readonly suite: Suite
  readonly inputs: readonly InputSummary[]
  readonly warnings: readonly Warning[]
}

/** Reads a suite; what was left out of it becomes warnings. */
export function openSuite(path: string, baseline: string): OpenedSuite {
  const suite = readSuite(path, readText(path, 'an eval suite'))
  const nameless = suite.rows.find(({ model }) => model === null)
  if (baseline === 'as-logged' && nameless !== undefined) {
    throw new UserError(`row "${nameless.id}" of ${path} names no model`, {
      hint: 'as-logged asks the model that each row names; write --baseline all:MODEL for one model',
    })
  }
  const counts = new Map<string, number>()
  for (const { reason } of suite.problems) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const left = suite.problems.filter(({ level }) => level === 'error').length
  return {
    suite,
    inputs: [
      {
        path,
        format: 'eval suite',
        requests: suite.rows.length,
        duplicates: 0,
        skipped: left === 0 ? {} : { 'left-out': left },
      },
    ],
    warnings: suite.problems.map(({ line, reason }) => ({
      code: 'suite-row',
      message: line === null ? reason : `line ${line}: ${reason}`,
      count: 1,
    })),
  }
}

/** Output tokens of an answer of which nothing is known. */
const usualAnswerTokens = 300

/** The questions of a suite, each a case: whatever the policy does, both are asked. */
export function suiteCases(
  { rows }: Suite,
  policy: Policy,
  neighbours: NeighbourClassifiers,
  costOf: CostOf,
  rewrite: RewriteRequest,
  secret: string,
  now: number,
): CaseSource {
  const compiled = compilePolicy(policy)
  const keysOf = questionKeysBy(secret)
  // A large suite is kept as its rows alone: what is made of one is made again when it is asked for.
  const byId = new Map(rows.map((row) => [row.id, row]))
  const requestIn = ({ id }: ReplayCase): Request => {
    const row = byId.get(id)
    return row === undefined ? noRequest : requestOf(row)
  }
  const shared = sharedStrata()
  const stratumAt = (row: SuiteRow) => shared(stratumOf(row, requestOf(row)))
  const factsOf = (request: Request, by: Policy) => new RequestFacts(request, surroundings(by))
  return {
    compiled,
    neighbours,
    requests: rows.length,
    changes: { routed: 0, cached: 0, rewritten: 0, repeated: 0, refused: 0, unchanged: 0 },
    withoutText: 0,
    strata: rows.map(stratumAt),
    async caseAt(index) {
      const row = rows[index] as SuiteRow
      const request = requestOf(row)
      const facts = factsOf(request, policy)
      const rewritten = await rewrite.rewrite(facts)
      const call = callOf(request)
      return {
        id: row.id,
        seq: null,
        call,
        candidateCall: rewritten === request ? call : callOf(rewritten),
        question: facts.text ?? '',
        change: 'suite',
        stratum: stratumAt(row),
        cluster: row.id,
        expected: row.expected,
        scorer: row.scorer,
        logged: null,
        keys: keysOf(request),
      }
    },
    seenOf(each, by) {
      const request = requestIn(each)
      const asked = { id: each.id, at: now, request, bypass: 'off' as const }
      return { facts: factsOf(request, by), asked }
    },
    entryOf: () => null,
    answerKeys: () => null,
    expected(each, target) {
      const { prompt } = requestIn(each)
      const inputTokens = prompt === undefined ? 0 : promptTokens(prompt, estimateTokens)
      const usage = { ...noUsage, inputTokens, outputTokens: usualAnswerTokens }
      return { costNanoUsd: costOf(target, usage, now), latencyMs: null }
    },
    loggedText: () => null,
    assumptions: () => [`answers have about ${usualAnswerTokens} tokens`],
  }
}

const noRequest: Request = { model: '', operation: 'chat', status: 'ok' }

const bodyOf = ({ system, messages, model, params }: SuiteRow): JsonObject => ({
  ...params,
  model: model ?? '',
  messages: [...(system === null ? [] : [{ role: 'system', content: system }]), ...messages],
})

function requestOf(row: SuiteRow): Request {
  const { prompt, params } = readChatRequest(bodyOf(row))
  return {
    ...noRequest,
    model: row.model ?? '',
    feature: row.feature,
    params,
    ...(prompt !== undefined && { prompt }),
  }
}

const callOf = ({ prompt, params, model }: Request): ReplayCase['call'] =>
  chatDialect.readCall({
    ...params,
    model,
    messages: [
      ...(prompt?.system === undefined ? [] : [{ role: 'system', content: prompt.system }]),
      ...(prompt?.messages ?? []).map(({ role, content, rest }) => ({ role, content, ...rest })),
    ],
    ...(prompt?.tools !== undefined && { tools: prompt.tools }),
  })

function stratumOf({ feature, model }: SuiteRow, { prompt }: Request): Stratum {
  const tokens = prompt === undefined ? 0 : promptTokens(prompt, estimateTokens)
  return { route: '', feature, length: lengthBinOf(tokens), model: model ?? '' }
}

/** What a suite's questions come without: a time, a user, a history. */
const surroundings = ({ classifiers }: Policy): ConstructorParameters<typeof RequestFacts>[1] => ({
  countTokens: estimateTokens,
  contextTokens: ({ prompt }) =>
    prompt === undefined ? undefined : promptTokens(prompt, estimateTokens),
  label: labelBy(classifiers, { byModel: () => undefined }),
})
