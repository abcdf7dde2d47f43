import type { TimeoutClass } from './governance.ts'
import type { LogFacts, LogField } from './log-facts.ts'
import type { Policy } from './policy.ts'

/** One question of the checklists that teams go through before they trust a bill, and its answer. */
export type ChecklistAnswer = {
  readonly item: string
  readonly answer: 'yes' | 'partly' | 'no' | 'unknown'
  readonly because: string
  /** What would make it a yes. */
  readonly advice: string | null
}

export type ChecklistInput = {
  readonly policy: Policy
  /** Null without a log: what only a log can tell is unknown. */
  readonly log: LogFacts | null
  /** Age of the price list in days. */
  readonly pricesAgeDays: number
}

/** Answers every item from the policy and the log. */
export const policyChecklist = (input: ChecklistInput): readonly ChecklistAnswer[] =>
  items.map(([item, answer]) => ({ item, ...answer(input) }))

type Answer = Omit<ChecklistAnswer, 'item'>

const yes = (because: string): Answer => ({ answer: 'yes', because, advice: null })
const partly = (because: string, advice: string): Answer => ({ answer: 'partly', because, advice })
const no = (because: string, advice: string): Answer => ({ answer: 'no', because, advice })
const unknown = (because: string, advice: string): Answer => ({
  answer: 'unknown',
  because,
  advice,
})

const items: readonly (readonly [string, (input: ChecklistInput) => Answer])[] = [
  ['every path has a timeout', timeouts],
  ['another model answers when one fails', fallback],
  ['a failing target is left alone', breaker],
  ['somebody hears of unusual spend', spendAlert],
  ['spend has a limit', spendLimit],
  ['a loop is stopped', loop],
  ['spend is known by feature', (input) => coverage(input, 'feature')],
  ['spend is known by user', (input) => coverage(input, 'user')],
  ['users get no answers made for others', isolation],
  ['cached answers end with the content they are from', invalidation],
  ['cached answers end with the prompt and model they are from', () => versioning],
  ['similar is checked to be the same', audit],
  ["the provider's prompt cache is used", promptCache],
  ['prompts carry no dead weight', promptAudit],
  ['answers have a largest size', outputCaps],
  ['what may wait is batched', batch],
  ['routing rests on measured quality', evidence],
  ['self-hosting is reckoned with', selfHosting],
  ['prices are current', prices],
  ['personal data is kept out of logs', privacy],
  ['a change that costs more fails a test', regression],
]

const isLimited = ({ firstTokenMs, streamMs, wholeMs, idleMs }: TimeoutClass): boolean =>
  idleMs !== null || (wholeMs !== null && (streamMs !== null || firstTokenMs !== null))

function timeouts({ policy }: ChecklistInput): Answer {
  const open = Object.entries(policy.timeouts.classes)
    .filter(([, limits]) => !isLimited(limits))
    .map(([name]) => name)
  if (open.length === 0) return yes('each timeout class has a limit')
  return no(`no limit in: ${open.join(', ')}`, 'give timeouts.CLASS a whole, stream or idle')
}

function fallback({ policy }: ChecklistInput): Answer {
  const { on, targets, stale, staticAnswer } = policy.failure.fallback
  if (on) return yes(`failure.fallback names others for ${Object.keys(targets).length} models`)
  if (stale || staticAnswer !== null)
    return partly('an old or a fixed answer is given', 'set failure.fallback.on')
  return no('a failure reaches the caller', 'set failure.fallback.on')
}

function breaker({ policy }: ChecklistInput): Answer {
  const { on, failures, openSeconds } = policy.failure.breaker
  if (!on) return no('the breaker is off', 'set failure.breaker.on')
  return yes(`after ${failures} failures in a row, for ${openSeconds} s`)
}

function spendAlert({ policy }: ChecklistInput): Answer {
  const watched = policy.alerts.rules.filter(({ metric }) => spendMetrics.includes(metric))
  if (policy.budgets.length === 0 && watched.length === 0)
    return no('nothing watches spend', 'add an alert on dayOverMeanFactor or monthUsd')
  if (policy.alerts.webhook === null)
    return partly('alerts stand in reports and the log', 'set alerts.webhook to be told at once')
  return yes('alerts are posted to a webhook')
}

const spendMetrics: readonly string[] = [
  'dayOverMeanFactor',
  'monthUsd',
  'userMonthUsd',
  'userOverMedianFactor',
]

function spendLimit({ policy }: ChecklistInput): Answer {
  const limits = policy.budgets.filter(({ action }) => action !== 'alert')
  const hard = limits.filter(({ mode }) => mode === 'hard')
  if (hard.length > 0) return yes(`hard budgets: ${hard.map(({ name }) => name).join(', ')}`)
  if (limits.length > 0)
    return partly('budgets reserve estimates', 'mode: hard never passes its limit')
  return no('no budget blocks or downgrades', 'add budgets, e.g. $5 a day for each user')
}

function loop({ policy }: ChecklistInput): Answer {
  const { maxCalls, maxNanoUsd, maxSimilarInRow, action } = policy.loopGuard
  if (maxCalls === null && maxNanoUsd === null && maxSimilarInRow === null)
    return no('a trace may call without end', 'set loopGuard.maxCalls, e.g. 40')
  if (action === 'alert')
    return partly('a loop is told, not stopped', 'set loopGuard.action: block')
  return yes('loopGuard blocks it')
}

/** From this share on, what is missing changes no sum that matters. */
const enough = 0.95

function coverage({ log }: ChecklistInput, field: LogField): Answer {
  const advice = `send x-llmcost-${field}, or log a ${field} with each request`
  if (log === null || log.requests === 0) return unknown('there is no log', advice)
  const share = log.carrying[field] / log.requests
  const because = `${log.carrying[field]} of ${log.requests} requests carry one`
  if (share >= enough) return yes(because)
  return share > 0 ? partly(because, advice) : no(because, advice)
}

function isolation({ policy, log }: ChecklistInput): Answer {
  const { namespace, exact, semantic } = policy.cache
  const advice = 'set cache.namespace, e.g. to tenant or user'
  if (!exact.on && !semantic.on) return yes('no answer is given twice')
  switch (namespace.kind) {
    case 'fields':
      return yes(`answers are shared within ${namespace.fields.join(' and ')}`)
    case 'shared':
      return no('cache.namespace is shared', `${advice}, unless all questions are public`)
    case 'log': {
      const carried = log?.carrying.tenant ?? 0
      if (log !== null && log.requests > 0 && carried === log.requests)
        return yes('every request carries a namespace')
      return partly('requests without a namespace share answers', advice)
    }
  }
}

function invalidation({ policy, log }: ChecklistInput): Answer {
  const { exact, semantic } = policy.cache
  if (!exact.on && !semantic.on) return yes('no answer is kept')
  const advice = 'log a documentVersion with each request: it is part of every key'
  if (log === null) return unknown('there is no log', advice)
  if (log.carrying.documentVersion > 0)
    return yes(`${log.carrying.documentVersion} requests carry a documentVersion`)
  const hours = Math.max(exact.ttlSeconds ?? Infinity, semantic.ttlSeconds ?? Infinity) / 3600
  const end = Number.isFinite(hours) ? `up to ${hours} h` : 'without end'
  return partly(`a changed document is answered from before, ${end}`, advice)
}

const versioning = yes('model, system prompt, tools and parameters are part of every key')

function audit({ policy }: ChecklistInput): Answer {
  const { semantic, rules } = policy.cache
  if (!semantic.on && !rules.some((rule) => rule.semantic === true))
    return yes('the semantic cache is off')
  if (policy.serve.auditShare > 0) return yes('serve.auditShare asks some hits again')
  if (policy.serve.shadow.includes('semantic')) return yes('it runs in the shadow')
  if (policy.serve.canary?.layers.includes('semantic') === true)
    return yes('only some get it, and what the others would get is compared')
  return no('nobody looks at its hits', 'set serve.auditShare, e.g. to 2%')
}

function promptCache({ policy }: ChecklistInput): Answer {
  if (policy.prefix.mode === 'inject') return yes('marks are set after stable parts')
  return partly('as applications ask for it', 'prefix.mode: inject sets marks where none are')
}

function promptAudit({ policy }: ChecklistInput): Answer {
  if (policy.compress.length > 0)
    return yes(`shortened by ${policy.compress.map((step) => step.with.kind).join(', ')}`)
  return unknown('nothing is shortened', '`llmcost analyze` shows what prompts repeat')
}

function outputCaps({ policy }: ChecklistInput): Answer {
  const always = policy.outputCaps.some(({ when }) => Object.keys(when).length === 0)
  if (always) return yes('outputCap holds for every request')
  if (policy.outputCaps.length > 0)
    return partly('some requests have one', 'end outputCap with an entry without `when`')
  return no('as long as a model likes', 'set outputCap')
}

function batch({ policy, log }: ChecklistInput): Answer {
  if (policy.batch.length > 0)
    return yes(`rules: ${policy.batch.map(({ name }) => name).join(', ')}`)
  const batched = log?.batched ?? 0
  if (batched > 0)
    return partly(`${batched} requests were batched`, 'name what may wait in `batch`')
  return no('nothing waits for the cheaper service', 'name what may wait in `batch`')
}

function evidence({ policy }: ChecklistInput): Answer {
  if (policy.routes.length === 0) return yes('every request goes where it was meant to')
  if (policy.evidence.length > 0) return yes(`evidence: ${policy.evidence.join(', ')}`)
  return no('routes rest on no measurement', 'name eval results in `evidence`')
}

function selfHosting({ policy }: ChecklistInput): Answer {
  if (policy.selfHosted.length > 0)
    return yes(`hours and use of ${policy.selfHosted.map(({ target }) => target).join(', ')}`)
  return unknown('no hours are given', 'selfHosted compares them with the price per token')
}

/** Vendors have changed prices several times a year. */
const currentDays = 90

function prices({ pricesAgeDays }: ChecklistInput): Answer {
  const because = `the price list is ${pricesAgeDays} days old`
  return pricesAgeDays <= currentDays ? yes(because) : no(because, '`llmcost prices update`')
}

function privacy({ policy }: ChecklistInput): Answer {
  const { content, redact } = policy.privacy
  if (content === 'none' || content === 'hash') return yes(`privacy.content is ${content}`)
  if (redact) return yes('patterns of personal data are redacted')
  return no('prompts are kept as they are', 'set privacy.redact, or privacy.content: hash')
}

function regression({ policy }: ChecklistInput): Answer {
  const { assertions } = policy.check
  if (assertions.some(({ level }) => level === 'error'))
    return yes(`${assertions.length} assertions of check`)
  return no('check has no assertion that fails', 'add check.assertions')
}
