/**
 * Allowances of so much a minute, one for each member: a full one may be used at once, what is used comes back evenly.
 * `limit` units a minute; times in milliseconds of one clock that never goes back.
 */
export type RateBuckets = {
  readonly limit: number
  /** What is used of a member's allowance; below 0 nothing, above `limit` more than there was. */
  usedBy(member: string, nowMs: number): number
  /** Uses so much more, or gives some back where negative. */
  use(member: string, amount: number, nowMs: number): void
  /** Members that are remembered. */
  readonly size: number
}

type Bucket = { used: number; atMs: number }

/** Some 10 MB. Names come from clients, who may think of any number of them. */
const mostMembers = 100_000

const minuteMs = 60_000

/** Those that come when all places are taken share one allowance until others have all of theirs back. */
const everybodyElse = ''

export function openRateBuckets(limit: number, most = mostMembers): RateBuckets {
  const buckets = new Map<string, Bucket>()
  const perMs = limit / minuteMs
  const leftOf = ({ used, atMs }: Bucket, nowMs: number) =>
    Math.max(0, used - (nowMs - atMs) * perMs)

  /** Looks at two of them, each in its turn: who has all of an allowance back is as good as never seen. */
  function forget(nowMs: number): void {
    let looks = 2
    for (const [member, bucket] of buckets) {
      if (looks-- === 0) return
      buckets.delete(member)
      if (leftOf(bucket, nowMs) > 0) buckets.set(member, bucket)
    }
  }

  const placeOf = (member: string): string =>
    buckets.has(member) || buckets.size < most ? member : everybodyElse

  return {
    limit,
    usedBy(member, nowMs) {
      const bucket = buckets.get(placeOf(member))
      return bucket === undefined ? 0 : leftOf(bucket, nowMs)
    },
    use(member, amount, nowMs) {
      forget(nowMs)
      const place = placeOf(member)
      const bucket = buckets.get(place)
      if (bucket === undefined) {
        if (amount > 0) buckets.set(place, { used: amount, atMs: nowMs })
        return
      }
      bucket.used = Math.max(0, leftOf(bucket, nowMs) + amount)
      bucket.atMs = nowMs
    },
    get size() {
      return buckets.size
    },
  }
}
