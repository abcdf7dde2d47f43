import { join } from 'node:path'
import { type Command, measure } from './measure.ts'
import type { Figures, Ratio, Role, Sample } from './outcome.ts'
import { highest, medianOf, rangeOf } from './range.ts'
import { newFolder, removeFolder } from './work-folder.ts'

/** Where one run may leave files; removed after it. */
export type Place = { readonly folder: string; readonly store: string }

export type Subject = {
  readonly name: string
  readonly role: Role
  readonly command: (place: Place) => Command
  /** Before each run, not measured. */
  readonly before?: (place: Place) => void | Promise<void>
}

export type Rounds = {
  readonly runs: number
  /** Rounds that are run first and not counted. */
  readonly warmUps?: number
  /** Rows in the input, for rows per second. */
  readonly rows?: number
}

export type Interleaved = {
  readonly figures: readonly Figures[]
  /** What each subject printed in its last run. */
  readonly lastOutput: ReadonlyMap<string, string>
}

/** Runs A B A B …, each in a folder of its own, so that a machine that changes its pace does so for all alike. */
export async function interleave(
  subjects: readonly Subject[],
  rounds: Rounds,
): Promise<Interleaved> {
  const samples = new Map<string, Sample[]>(subjects.map(({ name }) => [name, []]))
  const warmUps = rounds.warmUps ?? 0
  for (let round = -warmUps; round < rounds.runs; round++) {
    for (const subject of subjects) {
      process.stderr.write(`  ${round < 0 ? 'warm-up' : `run ${round + 1}`}: ${subject.name}\n`)
      const sample = await runOnce(subject)
      if (round >= 0) samples.get(subject.name)?.push(sample)
    }
  }
  return {
    figures: subjects.map((subject) => figuresOf(subject, subjects, samples, rounds.rows)),
    lastOutput: new Map([...samples].map(([name, runs]) => [name, runs.at(-1)?.stdout ?? ''])),
  }
}

async function runOnce(subject: Subject): Promise<Sample> {
  const folder = newFolder()
  try {
    const place = { folder, store: join(folder, 'store.db') }
    await subject.before?.(place)
    return await measure(subject.command(place), folder)
  } finally {
    removeFolder(folder)
  }
}

function figuresOf(
  { name, role }: Subject,
  subjects: readonly Subject[],
  samples: ReadonlyMap<string, readonly Sample[]>,
  rows: number | undefined,
): Figures {
  const own = samples.get(name) ?? []
  const wallMs = rangeOf(own.map((sample) => sample.wallMs))
  const others = role === 'measured' ? subjects.filter(isCompared) : []
  return {
    name,
    role,
    runs: own.length,
    wallMs,
    userMs: medianOf(own.map((sample) => sample.userMs)),
    sysMs: medianOf(own.map((sample) => sample.sysMs)),
    peakRssBytes: highest(own.map((sample) => sample.peakRssBytes)),
    rowsPerSecond: rows === undefined || role === 'pace' ? null : (rows / wallMs.median) * 1000,
    ratios: others.map((other) => ratioTo(other, own, samples.get(other.name) ?? [])),
  }
}

const isCompared = ({ role }: Subject): boolean => role === 'floor' || role === 'peer'

/** Round by round: the two runs of a round stood beside each other in time. */
function ratioTo(other: Subject, own: readonly Sample[], theirs: readonly Sample[]): Ratio {
  const times = own.map((sample, round) => sample.wallMs / (theirs[round]?.wallMs ?? Number.NaN))
  const peak = highest(own.map((sample) => sample.peakRssBytes))
  const theirPeak = highest(theirs.map((sample) => sample.peakRssBytes))
  return {
    to: other.name,
    role: other.role,
    time: rangeOf(times),
    peakRss: peak === null || theirPeak === null ? null : peak / theirPeak,
  }
}
