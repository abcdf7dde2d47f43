import { orZero } from '../../domain/columns.ts'
import { flag, type Profile } from '../../domain/row.ts'
import { KeyIndex, NumberList } from '../key-index.ts'
import { commandWith, costOf, count, counted, promptTokensOf, type Rule } from './rule.ts'

/** Errors, timeouts and cancelled calls that were billed all the same. */
export function failedAttempts(profiles: readonly Profile[]): Rule {
  const failed = profiles.map((profile) => profile.status !== 'ok')
  let billed = 0
  return {
    kind: 'failed-attempts',
    saving(columns, row) {
      if (failed[columns.profile[row] as number] !== true) return 0
      const cost = costOf(columns, row)
      if (cost > 0) billed++
      return cost
    },
    describe: (_, { inputs }) => ({
      title: `${counted(billed, 'failed call was', 'failed calls were')} paid for`,
      evidence: 'status error, timeout or cancelled, with billed tokens in the log',
      caveat:
        'some failures cannot be avoided; a provider may not bill all of what a failed call logged',
      command: commandWith('analyze', [inputs, '--by status,model'].filter(Boolean).join(' ')),
    }),
  }
}

/** Answers that stopped at the output limit. */
export function truncatedAnswers(): Rule {
  return {
    kind: 'truncated-answers',
    saving: (columns, row) =>
      ((columns.flags[row] as number) & flag.truncated) === 0 ? 0 : costOf(columns, row),
    describe: ({ requests }, { inputs }) => ({
      title: `${counted(requests, 'answer was', 'answers were')} cut off at the output limit`,
      evidence: 'finish reason length or max_tokens; the whole cost of these requests is counted',
      caveat: 'a cut answer may still have been of use; raise the limit or ask for less',
      command: commandWith(
        'analyze',
        [inputs, '--by feature,finishReason'].filter(Boolean).join(' '),
      ),
    }),
  }
}

/** Answers nobody looked at. */
export function unreadOutput(): Rule {
  return {
    kind: 'unread-output',
    saving: (columns, row) =>
      ((columns.flags[row] as number) & flag.outputUnused) === 0 ? 0 : costOf(columns, row),
    describe: ({ requests }, { inputs }) => ({
      title: `${counted(requests, 'answer was', 'answers were')} not read`,
      evidence: 'the log marks them outputUsed: false, or the client hung up before the end',
      caveat: 'as good as the mark: an answer may have been used where the log does not see it',
      command: commandWith('analyze', [inputs, '--by feature'].filter(Boolean).join(' ')),
    }),
  }
}

/** The loop guard that POLICY offers by default: 5 near-identical calls in a row, 40 calls a trace. */
const identicalInARow = 5
const callsPerTrace = 40
const rememberedTraces = 500_000

/** Calls of a trace that ask the same again and again, and those beyond 40. */
export function loops(): Rule {
  let index = new KeyIndex()
  let state = {
    step: new NumberList(Number.NaN),
    run: new NumberList(),
    calls: new NumberList(),
    flagged: new NumberList(),
  }
  let traces = 0
  return {
    kind: 'loops',
    saving(columns, row) {
      const trace = columns.trace[row] as number
      if (Number.isNaN(trace)) return 0
      if (index.size > rememberedTraces) {
        index = new KeyIndex()
        state = {
          step: new NumberList(Number.NaN),
          run: new NumberList(),
          calls: new NumberList(),
          flagged: new NumberList(),
        }
      }
      const number = index.add(trace)
      // NaN, where the log has no text, equals nothing.
      const step = columns.stepKey[row] as number
      const run = step === state.step.get(number) ? state.run.get(number) + 1 : 1
      state.step.set(number, step)
      state.run.set(number, run)
      state.calls.add(number, 1)
      if (run < identicalInARow && state.calls.get(number) <= callsPerTrace) return 0
      if (state.flagged.get(number) === 0) traces++
      state.flagged.set(number, 1)
      return costOf(columns, row)
    },
    describe: ({ requests }, { inputs }) => ({
      title: `${counted(requests, 'call')} went round in circles in ${counted(traces, 'trace')}`,
      evidence: `calls from the ${identicalInARow}th near-identical step in a row on (the same last message, numbers, case and spacing aside), or beyond the ${callsPerTrace}th call of a trace`,
      caveat: 'a long task may need that many calls: look at the dearest traces first',
      command: commandWith('analyze', [inputs, '--by trace'].filter(Boolean).join(' ')),
    }),
  }
}

/** Context resent with every call beyond this is "oversized". */
const contextLimitTokens = 8000

/** Prompts whose repeated part (system prompt, tools, history) is over 8,000 tokens. */
export function repeatedContext(): Rule {
  let excessTokens = 0
  return {
    kind: 'repeated-context',
    saving(columns, row) {
      const repeated = Math.max(
        columns.systemTokens[row] as number,
        columns.historyTokens[row] as number,
      )
      const prompt = promptTokensOf(columns, row)
      if (repeated <= contextLimitTokens || prompt === 0) return 0
      const excess = repeated - contextLimitTokens
      excessTokens += excess
      const paid =
        orZero(columns.costInput[row]) +
        orZero(columns.costCacheRead[row]) +
        orZero(columns.costCacheWrite[row])
      return paid * Math.min(1, excess / prompt)
    },
    describe: ({ requests }, { inputs }) => ({
      title: `${counted(requests, 'request')} carried over ${count(contextLimitTokens)} tokens of repeated context`,
      evidence: `${count(Math.round(excessTokens / 1e3))}k tokens of system prompt, tools and history beyond that, at the average price they were really paid at`,
      caveat: 'trimming context can lose what the model needs; measure before you cut',
      command: commandWith('analyze', [inputs, '--by feature'].filter(Boolean).join(' ')),
    }),
  }
}

/** Output beyond the 95th percentile of its feature and model, where that is a few hundred tokens at least. */
export function outputOutliers(limits: readonly number[]): Rule {
  let excessTokens = 0
  return {
    kind: 'output-outliers',
    saving(columns, row) {
      const limit = limits[columns.profile[row] as number]
      const output = columns.outputTokens[row] as number
      if (limit === undefined || output <= limit) return 0
      excessTokens += output - limit
      return orZero(columns.costOutput[row]) * ((output - limit) / output)
    },
    describe: ({ requests }, { inputs }) => ({
      title: `${counted(requests, 'answer')} ran far longer than the rest of their feature`,
      evidence: `${count(Math.round(excessTokens / 1e3))}k output tokens above the feature's 95th percentile, where the answer is over 4 times the median and 300 tokens`,
      caveat:
        'some questions deserve long answers; an output limit with a request to be brief keeps most of them',
      command: commandWith('analyze', [inputs, '--by feature,model'].filter(Boolean).join(' ')),
    }),
  }
}
