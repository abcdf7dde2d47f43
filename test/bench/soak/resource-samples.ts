import { get } from 'node:http'
import { rangeOf } from '../range.ts'

/** What `GET /debug/resources` on the admin port answers; `collect` has garbage collected first. */
export type Resources = {
  readonly rssBytes: number
  readonly heapUsedBytes: number
  /** Open handles and requests by kind, as `process.getActiveResourcesInfo` has them. */
  readonly active: Readonly<Record<string, number>>
}

export type ResourceSample = {
  readonly atMs: number
  readonly rssBytes: number
  readonly heapUsedBytes: number
  readonly sockets: number
  readonly timers: number
}

/** One look at a running gateway, over a connection of its own, which is among the sockets. Throws where it is refused. */
export async function sampleResources(adminUrl: string, atMs: number): Promise<ResourceSample> {
  const found = await getJson<Resources>(`${adminUrl}/debug/resources?collect`)
  return {
    atMs,
    rssBytes: found.rssBytes,
    heapUsedBytes: found.heapUsedBytes,
    sockets: found.active['TCPSocketWrap'] ?? 0,
    timers: found.active['Timeout'] ?? 0,
  }
}

const getJson = <T>(url: string): Promise<T> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text) as T)
        else reject(new Error(`${url} answered ${response.statusCode}`))
      })
      response.on('error', reject)
    }).on('error', reject)
  })

export type Growth = {
  /** What the window's slope comes to over the whole of it. */
  readonly bytes: number
  readonly bytesPerHour: number
  /** Whether a flat series would hardly ever rise so steadily: at 1 %, one-sided. */
  readonly isSteady: boolean
}

/** Of the run, this share is for caches and code to fill up. */
const warmUpShare = 1 / 3
const blocks = 12
/** Of Mann and Kendall's S for 12 values: P(S ≥ 36 | no trend) = 0.7 %. */
const steadyFrom = 36

/**
 * Growth after the warm-up. Memory goes up and down with the collector, so the samples are cut into blocks and the lowest
 * of each is taken; the slope is the median of all slopes between two of them (Theil and Sen), and Kendall's count of
 * rising pairs tells a trend from chance. Null: too few samples.
 */
export function growthOf(
  samples: readonly ResourceSample[],
  bytesOf: (sample: ResourceSample) => number,
): Growth | null {
  const lastMs = samples.at(-1)?.atMs ?? 0
  const fromMs = lastMs * warmUpShare
  const counted = samples.filter(({ atMs }) => atMs > fromMs)
  if (counted.length < blocks) return null
  const lows = Array.from({ length: blocks }, (_, block) => {
    const [start, end] = [block, block + 1].map((at) => Math.round((counted.length * at) / blocks))
    return counted
      .slice(start, end)
      .reduce((low, sample) => (bytesOf(sample) < bytesOf(low) ? sample : low))
  })
  const pairs = lows.flatMap((low, at) =>
    lows.slice(at + 1).map((later) => ({
      rise: bytesOf(later) - bytesOf(low),
      runMs: later.atMs - low.atMs,
    })),
  )
  const bytesPerMs = rangeOf(pairs.map(({ rise, runMs }) => rise / runMs)).median
  const kendall = pairs.reduce((sum, { rise }) => sum + Math.sign(rise), 0)
  return {
    bytes: bytesPerMs * (lastMs - fromMs),
    bytesPerHour: bytesPerMs * 3_600_000,
    isSteady: kendall >= steadyFrom,
  }
}
