import { hasRealData } from '../support/real-data.ts'
import { loadClinc, shuffledRuns } from './certifier-clinc.ts'
import { type Coverage, certified, coverageOf, lowestObserved } from './certifier-coverage.ts'
import { syntheticStreams } from './certifier-streams.ts'
import type { BenchOptions, Outcome, Target } from './outcome.ts'
import { inWhole } from './table.ts'

const delta = 0.05
/** The 99th percentiles of Bin(200, 5 %) and Bin(1000, 5 %). */
const mostBrokenShuffles = 18
const mostBrokenStreams = 66

const shuffles = 200
const shuffleLimits = [0.05, 0.1, 0.15, 0.2]

const streams = 1_000
const intraclassCorrelation = 0.4
/** Small limits need many entries before they are tested at all. */
const streamSettings = [
  { rate: 0.01, times: 8 },
  { rate: 0.05, times: 1 },
  { rate: 0.1, times: 1 },
]

/** How often a certified threshold is not what it was certified to be, beside the tempting rule. */
export async function benchCertifier(_options: BenchOptions): Promise<Outcome> {
  return {
    bench: 'certifier',
    input: `${inWhole(shuffles)} orders of CLINC150, ${inWhole(streams)} streams at the limit itself`,
    figures: [],
    targets: [...(hasRealData ? shuffleTargets() : [noData]), ...streamTargets()],
  }
}

const noData: Target = {
  words: `at most ${mostBrokenShuffles} broken promises on CLINC150`,
  found: 'the log is not on this machine',
  met: null,
}

function shuffleTargets(): readonly Target[] {
  const runs = shuffledRuns(loadClinc(), shuffles)
  return shuffleLimits.map((alpha) => {
    const limit = { alpha, delta }
    const own = coverageOf(certified, runs, limit)
    const naive = coverageOf(lowestObserved, runs, limit)
    return {
      words: `at most ${mostBrokenShuffles} broken on CLINC150`,
      found: `below ${inPercent(alpha)}: ${inWords(own)}; lowest observed: ${inWords(naive)}`,
      met: own.broken <= mostBrokenShuffles,
    }
  })
}

function streamTargets(): readonly Target[] {
  return streamSettings.map(({ rate, times }) => {
    const runs = syntheticStreams({ rate, times, intraclassCorrelation }, streams)
    const risks = new Map(runs.flat().map(({ threshold }) => [threshold, rate]))
    const limit = { alpha: rate, delta }
    const own = coverageOf(certified, runs, limit, risks)
    const naive = coverageOf(lowestObserved, runs, limit, risks)
    return {
      words: `at most ${mostBrokenStreams} broken where the true rate is the limit`,
      found: `below ${inPercent(rate)}: ${inWords(own)}; lowest observed: ${inWords(naive)}`,
      met: own.broken <= mostBrokenStreams,
    }
  })
}

const inPercent = (share: number): string => `${Math.round(share * 100)} %`

const inWords = ({ runs, picked, broken, meanSavings }: Coverage): string =>
  `${broken} of ${picked} broken in ${runs} runs, ${inWhole(meanSavings)} hits saved on average`
