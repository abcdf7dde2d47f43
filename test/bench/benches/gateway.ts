import { launcher } from '../../support/gateway-program.ts'
import { bareSubjects } from '../gateway/bare-subjects.ts'
import { anyCores, type Cores, readCores } from '../gateway/cores.ts'
import { gatewayTargets, rigTargets, semanticTargets } from '../gateway/gateway-targets.ts'
import { prepareLitellm } from '../gateway/litellm.ts'
import { ours, prepareLlmcost } from '../gateway/llmcost-subjects.ts'
import { installPacked } from '../gateway/packed.ts'
import { preparePortkey } from '../gateway/portkey.ts'
import { bundlePrograms, type Programs } from '../gateway/programs.ts'
import { openRig, type Times } from '../gateway/rig.ts'
import { type Round, runRound } from '../gateway/rounds.ts'
import { type Scenario, scenarios } from '../gateway/scenarios.ts'
import { measureSemantic, type SemanticFound } from '../gateway/semantic.ts'
import { semanticSheet, sheetsOf } from '../gateway/sheets.ts'
import type { Preparation, Subject } from '../gateway/subject.ts'
import type { BenchOptions, Outcome, Target } from '../outcome.ts'
import { inWhole } from '../table.ts'
import { newFolder, removeFolder } from '../work-folder.ts'

type Extent = {
  readonly rounds: number
  readonly times: Times
  readonly scenarios: readonly Scenario[]
  readonly hasPeers: boolean
  readonly semantic: { readonly entries: number; readonly lookUps: number; readonly runs: number }
}

const whole: Extent = {
  rounds: 3,
  // Some machines take memory from what stands idle, and give it back page by page.
  times: { warmUpMs: 1500, measuredMs: 2000 },
  scenarios,
  hasPeers: true,
  semantic: { entries: 100_000, lookUps: 3000, runs: 3 },
}

const short: Extent = {
  rounds: 1,
  times: { warmUpMs: 50, measuredMs: 250 },
  scenarios: scenarios.filter(({ key }) => !key.endsWith('64')),
  hasPeers: false,
  semantic: { entries: 1000, lookUps: 100, runs: 1 },
}

const packedSuffix = ', packed'

/** Gateways in front of an API that answers at once: what they cost, all of them in one run. */
export async function benchGateway(options: BenchOptions): Promise<Outcome> {
  const isQuick = options.quick ?? false
  const extent = isQuick ? short : whole
  const folder = newFolder()
  const notes = new Set<string>()
  try {
    const programs = await bundlePrograms(folder)
    const cores = isQuick ? anyCores : readCores()
    if (!cores.arePinned && !isQuick)
      notes.add('there is no taskset, or one core only: nothing was pinned')
    const prepared = [
      ...bareSubjects(programs.bareProxy),
      ...(extent.hasPeers ? [preparePortkey(), prepareLitellm()] : []),
      ...prepareLlmcost(launcher),
      ...(options.packed ? prepareLlmcost(installPacked(folder), packedSuffix) : []),
    ]
    const subjects = subjectsOf(prepared, notes)
    const count = options.runs ?? extent.rounds
    const rounds = await runRounds({ subjects, programs, cores, extent, count, notes })
    const semantic = semanticRuns(programs, cores, extent)
    const { entries } = extent.semantic
    const targets = [
      ...rigTargets(rounds),
      ...['', packedSuffix].flatMap((suffix) => gatewayTargets(rounds, suffix)),
      ...semanticTargets(semantic, entries),
    ]
    return {
      bench: 'gateway',
      input: `0.6 kB each way, ${rounds.length} rounds of ${extent.times.measuredMs} ms a load; medians`,
      figures: [],
      sheets: [
        ...sheetsOf(rounds, subjects),
        semanticSheet(`semantic cache of ${inWhole(entries)} entries`, semantic),
      ],
      notes: [...notes],
      targets: isQuick ? targets.map(unjudged) : targets,
    }
  } finally {
    removeFolder(folder)
  }
}

const unjudged = (target: Target): Target => ({ ...target, met: null })

function subjectsOf(prepared: readonly Preparation[], notes: Set<string>): readonly Subject[] {
  return prepared.flatMap((each) => {
    if (!('missing' in each)) return [each]
    notes.add(`left out: ${each.missing}`)
    return []
  })
}

type Rounds = {
  readonly subjects: readonly Subject[]
  readonly programs: Programs
  readonly cores: Cores
  readonly extent: Extent
  readonly count: number
  readonly notes: Set<string>
}

async function runRounds(options: Rounds): Promise<readonly Round[]> {
  const { subjects, programs, cores, extent, count, notes } = options
  const rig = await openRig(programs, cores.others)
  const rounds: Round[] = []
  try {
    for (let number = 1; number <= count; number++) {
      process.stderr.write(`round ${number} of ${count}\n`)
      rounds.push(
        await runRound({
          subjects,
          rig,
          pin: cores.measured,
          times: extent.times,
          scenarios: extent.scenarios,
          hasCache: ({ name }) => name.startsWith(ours.governed),
          note: (sentence) => notes.add(`round ${number}: ${sentence}`),
        }),
      )
    }
    return rounds
  } finally {
    await rig.close()
  }
}

const semanticRuns = (programs: Programs, cores: Cores, { semantic }: Extent): SemanticFound[] =>
  Array.from({ length: semantic.runs }, () => measureSemantic(programs, cores, semantic))
