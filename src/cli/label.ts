import type { StoredVerdict } from '../domain/stored-verdict.ts'
import { UserError } from '../domain/user-error.ts'
import { compilePolicy } from '../engine/compile-policy.ts'
import { labelCsv } from '../report/label-csv.ts'
import { formatLabelPair, labelStatusText, type ShownPair } from '../report/label-pair.ts'
import { formatCount, plural } from '../report/numbers.ts'
import { cacheRules, prepareCache } from '../simulate/cache-inputs.ts'
import type { CacheRun } from '../simulate/cache-run.ts'
import { openJudge } from '../simulate/judge-hits.ts'
import { drawnPairs, exploratoryPairs, type LabelPair, textsOf } from '../simulate/label-pairs.ts'
import { type LabelSample, openLabelSample } from '../simulate/label-sample.ts'
import { type LabelStatus, labelStatus } from '../simulate/label-status.ts'
import { LayerRuns } from '../simulate/layer-runs.ts'
import { openStated } from '../simulate/stated-verdicts.ts'
import { openVerdicts, type Verdicts } from '../store/verdicts.ts'
import { historyFacts } from '../worlds/history-facts.ts'
import type { Questions } from '../worlds/questions.ts'
import { zoneOf } from './common-options.ts'
import { interruptible } from './interrupt.ts'
import { importLabels } from './label-import.ts'
import { askOneByOne, type LabelKeys } from './label-loop.ts'
import { pairMark } from './label-pair-mark.ts'
import { labelRouted } from './label-routed.ts'
import { interruptedCode, rejectedCode } from './load-codes.ts'
import { similarityOf } from './log-embedder.ts'
import { openLogs } from './logs.ts'
import { Narrator } from './narrator.ts'
import { openRunPrices } from './price-book.ts'
import { policiesInForce, type SimulateFlags } from './simulate-policies.ts'
import type { ReceiptJob } from './simulate-receipts.ts'
import { openSimulation, usualConfidence } from './simulation.ts'
import { type Terminal, viewOf } from './terminal.ts'
import { writeNew } from './write-new.ts'
import { writeOut } from './write-out.ts'

export type LabelFlags = SimulateFlags & {
  readonly limit?: number
  readonly explore?: boolean
  readonly csv?: string
  readonly import?: string
  readonly by?: string
  readonly routed?: boolean
}

/** `llmcost label`: asks people whether served answers are right, so that a threshold can be certified. */
export async function runLabel(
  files: readonly string[],
  flags: LabelFlags,
  terminal: Terminal,
): Promise<number> {
  checkFlags(files, flags, terminal)
  const by = flags.by ?? usualName
  if (flags.import !== undefined) return await importLabels(flags.import, by, flags, terminal)
  if (flags.routed === true) return await labelRouted(by, flags, terminal)
  const prices = await openRunPrices(flags, terminal)
  const [first] = policiesInForce(flags, terminal, prices)
  const logs = await openLogs(files, flags, terminal, prices)
  try {
    if (logs.interrupted) return interruptedCode(terminal)
    const job = { files, flags, terminal, prices, policies: [first], grid: [], logs } as const
    const log = await interruptible(terminal, async (signal) =>
      (await openSimulation({ ...job, zone: zoneOf(flags.tz) })).receiptJob(signal),
    )
    const labelling = await openLabelling(log, openVerdicts(logs.store.database), flags)
    await (flags.csv === undefined
      ? askPeople(labelling, by, terminal)
      : writeSample(labelling, flags.csv, flags, terminal))
    return rejectedCode(logs, flags, terminal)
  } finally {
    logs.store.close()
  }
}

const usualName = 'me'

function checkFlags(files: readonly string[], flags: LabelFlags, terminal: Terminal): void {
  if (flags.csv !== undefined && flags.import !== undefined)
    throw new UserError('name one of --csv and --import')
  if (flags.import !== undefined && files.length > 0) {
    throw new UserError('--import takes no logs', {
      hint: 'the sample names requests of the store: name that one with --db',
    })
  }
  if (flags.routed === true) checkRouted(files, flags)
  const isAlone = flags.csv === undefined && flags.import === undefined
  if (isAlone && terminal.stdin.isTTY !== true) {
    throw new UserError('there is no one to ask: the input is no terminal', {
      hint:
        flags.routed === true
          ? 'llmcost export --routed --out pairs.csv writes the pairs; fill in the verdicts, and read them with --import pairs.csv'
          : 'write the sample with --csv labels.csv, fill in the verdicts, and read it with --import labels.csv',
    })
  }
}

function checkRouted(files: readonly string[], { csv, explore, import: path }: LabelFlags): void {
  if (files.length > 0) {
    throw new UserError('--routed takes no logs', {
      hint: 'its pairs are of a gateway’s audits, in the store: name that one with --db',
    })
  }
  if (csv !== undefined)
    throw new UserError('--routed asks at the terminal', {
      hint: 'llmcost export --routed --out pairs.csv writes a file',
    })
  if (path !== undefined)
    throw new UserError('--import knows by itself whose pairs a file holds', {
      hint: 'leave out --routed',
    })
  if (explore === true)
    throw new UserError('--explore is for hits of a cache', { hint: 'leave out --routed' })
}

/** Everything there is to ask at one threshold. */
type Labelling = {
  readonly pairs: readonly LabelPair[]
  readonly verdicts: Verdicts
  readonly textsOf: (pair: LabelPair) => ShownPair
  readonly status: () => LabelStatus
}

async function openLabelling(
  { history, policy, semantic }: Pick<ReceiptJob, 'history' | 'policy' | 'semantic'>,
  verdicts: Verdicts,
  flags: LabelFlags,
): Promise<Labelling> {
  const factsAt = historyFacts(history, policy, { label: () => 'unasked' })
  const compiled = compilePolicy(policy)
  const rules = cacheRules(history, compiled, factsAt)
  const { inputs } = prepareCache(history, semantic, compiled, rules)
  const { threshold } = policy.cache.semantic
  const run = new LayerRuns(inputs, threshold).whole()
  const stated = openStated(history, verdicts)
  const sample = openLabelSample(history, stated)
  const status = () => labelStatus(run, sample, limitOf(flags))
  requireText(semantic.questions)
  requireHits(run, sample, flags)
  const pairs =
    flags.explore === true
      ? exploratoryPairs(history, run, openJudge(history, await similarityOf(), stated))
      : drawnPairs(history, run, sample, stated)
  const labelling = {
    pairs: pairs.slice(0, flags.limit ?? stillNeeded(status(), flags)),
    verdicts,
    textsOf: (pair: LabelPair) => ({ ...pair, ...textsOf(history, semantic.questions, pair) }),
    status,
  }
  requireTexts(labelling)
  return labelling
}

/** What `simulate` is asked for in its examples, too. */
const usualLimit = 0.01

const limitOf = ({ maxWrongHits, confidence }: LabelFlags) => ({
  alpha: maxWrongHits ?? usualLimit,
  delta: 1 - (confidence ?? usualConfidence),
})

function stillNeeded({ needed }: LabelStatus, { explore }: LabelFlags): number {
  return explore === true || needed.kind === 'never' ? Number.POSITIVE_INFINITY : needed.more
}

/** Without text nothing is similar: that is no matter of the threshold. */
function requireText({ count, textOf }: Questions): void {
  for (let question = 0; question < count; question++) if (textOf(question) !== null) return
  throw new UserError('the store keeps no text of these requests, so there is nothing to show', {
    hint: keepText,
  })
}

const keepText = 'read the logs again with --content full'

function requireHits(run: CacheRun, sample: LabelSample, { explore }: LabelFlags): void {
  const hits = explore === true ? run.semanticHits : sample.hitsOf(run).length
  const where = explore === true ? 'of the log' : 'of the second half of the log'
  if (hits === 0) {
    throw new UserError(`at ${run.threshold} no request ${where} meets a similar answer`, {
      hint: 'try a lower --threshold, or more of the log',
    })
  }
  if (explore !== true && sample.drawnOf(run).length + sample.countedOf(run).length === 0) {
    throw new UserError(`the log has no answers to compare for ${plural(hits, 'hit')} ${where}`, {
      hint: 'label compares the answer that was given with the one that would have been served: log both',
    })
  }
}

function requireTexts({ pairs, textsOf: read }: Labelling): void {
  const without = pairs.filter((pair) => {
    const { question, ownAnswer, servedAnswer } = read(pair)
    return question === null || ownAnswer === null || servedAnswer === null
  })
  if (without.length === 0) return
  throw new UserError(
    `the store keeps no text of ${formatCount(without.length)} of ${plural(pairs.length, 'pair')}, so nobody could judge them`,
    { hint: keepText },
  )
}

async function writeSample(
  { pairs, textsOf: read, status }: Labelling,
  path: string,
  flags: LabelFlags,
  terminal: Terminal,
): Promise<void> {
  const narrator = new Narrator(terminal, flags)
  if (pairs.length === 0) {
    narrator.say(`nothing is left to ask, so nothing was written. ${labelStatusText(status())}`)
    return
  }
  const rows = pairs.map((pair) => ({
    ...read(pair),
    exploratory: pair.exploratory,
    pair: pairMark(pair.servedHash, pair.ownHash),
  }))
  if (path === '-') await writeOut(terminal.stdout, labelCsv(rows))
  else writeNew(path, labelCsv(rows))
  narrator.say(labelStatusText(status()))
  narrator.say(
    `${plural(rows.length, 'pair')} written${path === '-' ? '' : ` to ${path}`}: fill in the column verdict with right or wrong, then llmcost label --import FILE`,
  )
}

const verdictKeys: LabelKeys<StoredVerdict['verdict']> = {
  y: { answer: 'right', word: 'right' },
  n: { answer: 'wrong', word: 'wrong' },
  s: { answer: 'unsettled', word: 'cannot tell' },
}

async function askPeople(
  { pairs, verdicts, textsOf: read, status }: Labelling,
  by: string,
  terminal: Terminal,
): Promise<void> {
  const say = (sentence: string) => terminal.stdout.write(`${sentence}\n`)
  if (pairs.length === 0) return void say(`nothing is left to ask. ${labelStatusText(status())}`)
  const view = viewOf(terminal.stdout, terminal.env)
  const progress = (index: number, { exploratory }: LabelPair) =>
    `${formatCount(index + 1)} of ${formatCount(pairs.length)} · ${exploratory ? 'exploratory, never counted' : labelStatusText(status())}`
  const pairAt = (index: number) => pairs[index] as LabelPair
  await askOneByOne(terminal, {
    count: pairs.length,
    keys: verdictKeys,
    show(index) {
      const pair = pairAt(index)
      return formatLabelPair(read(pair), progress(index, pair), view)
    },
    answer(index, verdict) {
      const { servedHash, ownHash, exploratory } = pairAt(index)
      verdicts.put([{ servedHash, ownHash, kind: 'human', by, verdict, exploratory }])
    },
  })
  say(labelStatusText(status()))
}
