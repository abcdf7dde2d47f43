import { type Asked, type Connection, openConnection, type Route } from './connection.ts'
import { type Spread, spreadOf, Values } from './latencies.ts'

export type Load = {
  readonly route: Route
  /** Closed loop: each connection asks again as soon as it is answered. Open loop: so many requests a second. */
  readonly pace: Pace
  /** Not counted. */
  readonly warmUpMs: number
  readonly measuredMs: number
  /** The first number that requests carry; none is used twice. */
  readonly firstNumber: number
}

export type Pace =
  | { readonly kind: 'closed'; readonly connections: number }
  | { readonly kind: 'open'; readonly perSecond: number }

export type LoadFound = {
  /** Answered with 200, of those sent after the warm-up. */
  readonly answered: number
  readonly failed: number
  readonly perSecond: number
  /** From sending to the last byte; null: nothing was answered. */
  readonly latencyMs: Spread | null
  /** To the first byte of the body. */
  readonly firstByteMs: Spread | null
  /** Counted on from the load's first number. */
  readonly nextNumber: number
  /** False where an open loop's requests piled up. */
  readonly keptPace: boolean
}

/** Puts a load on a server and says how it did. */
export function runLoad(load: Load): Promise<LoadFound> {
  return load.pace.kind === 'closed'
    ? closedLoop(load, load.pace.connections)
    : openLoop(load, load.pace.perSecond)
}

/** After the end so long is waited for answers that are still under way. */
const graceMs = 10_000

async function closedLoop(load: Load, count: number): Promise<LoadFound> {
  const score = openScore(load)
  await new Promise<void>((resolve) => {
    let asking = count
    const connections: Connection[] = []
    const finish = () => {
      for (const connection of connections) connection.close()
      resolve()
    }
    const timer = setTimeout(finish, load.warmUpMs + load.measuredMs + graceMs)
    for (let index = 0; index < count; index++) {
      const connection = openConnection(load.route, (asked) => {
        score.add(asked, asked.sentAt)
        if (asked.endedAt < score.endsAt) again(connection, asked, score)
        else if (--asking === 0) {
          clearTimeout(timer)
          finish()
        }
      })
      connections.push(connection)
      connection.ask(score.takeNumber())
    }
  })
  return score.found(true)
}

/** A server that turns everybody away at once must not be asked in a tight loop. */
const pauseAfterFailureMs = 5

function again(connection: Connection, { isGood }: Asked, score: Score): void {
  const ask = () => connection.ask(score.takeNumber())
  if (isGood) ask()
  else setTimeout(ask, pauseAfterFailureMs)
}

/** More requests than this waiting for a connection: the server cannot hold the pace. */
const mostWaiting = 1000
const mostConnections = 256
const tickMs = 1

/**
 * Requests become due by the clock, whether or not others were answered; one that finds no free connection waits, and
 * that is part of its latency. What the timer is late is not: it is the load's own.
 */
async function openLoop(load: Load, perSecond: number): Promise<LoadFound> {
  const score = openScore(load)
  const pool = openPool(load.route, score)
  let sent = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now()
      const elapsedMs = Math.min(now, score.endsAt) - score.startedAt
      const due = Math.round((elapsedMs / 1000) * perSecond)
      for (; sent < due; sent++) pool.send(now)
      const isDone = pool.isIdle() || !pool.keepsPace()
      if (now < score.endsAt || !(isDone || now > score.endsAt + graceMs)) return
      clearInterval(timer)
      resolve()
    }, tickMs)
  })
  const keptPace = pool.keepsPace()
  pool.close()
  return score.found(keptPace)
}

/** As many connections as are needed, up to a limit; requests beyond it wait their turn. */
type Pool = {
  /** `due`: when its latency begins. */
  send(due: number): void
  isIdle(): boolean
  /** False from the moment on at which too many have waited. */
  keepsPace(): boolean
  close(): void
}

function openPool(route: Route, score: Score): Pool {
  const all: Connection[] = []
  const free: Connection[] = []
  const waiting: number[] = []
  const dueAt = new Map<Connection, number>()
  let keepsPace = true
  const sendOn = (connection: Connection, due: number) => {
    dueAt.set(connection, due)
    connection.ask(score.takeNumber())
  }
  const open = (): Connection => {
    const connection = openConnection(route, (asked) => {
      score.add(asked, dueAt.get(connection) ?? asked.sentAt)
      const next = waiting.shift()
      if (next === undefined) free.push(connection)
      else sendOn(connection, next)
    })
    all.push(connection)
    return connection
  }
  return {
    send(due) {
      const connection = free.pop() ?? (all.length < mostConnections ? open() : undefined)
      if (connection !== undefined) sendOn(connection, due)
      else keepsPace &&= waiting.push(due) <= mostWaiting
    },
    isIdle: () => free.length === all.length,
    keepsPace: () => keepsPace,
    close() {
      waiting.length = 0
      for (const connection of all) connection.close()
    },
  }
}

type Score = {
  /** `since`: when its latency began. */
  add(asked: Asked, since: number): void
  takeNumber(): number
  readonly startedAt: number
  readonly endsAt: number
  found(keptPace: boolean): LoadFound
}

/** Counts what was sent in the measured time, and the rate of what was answered in it. */
function openScore({ warmUpMs, measuredMs, firstNumber }: Load): Score {
  const startedAt = performance.now()
  const countsFrom = startedAt + warmUpMs
  const endsAt = countsFrom + measuredMs
  const [latencies, firstBytes] = [new Values(), new Values()]
  let [failed, inTime, number] = [0, 0, firstNumber]
  return {
    startedAt,
    endsAt,
    takeNumber: () => number++,
    add({ begunAt, endedAt, isGood }, since) {
      if (isGood && endedAt >= countsFrom && endedAt < endsAt) inTime++
      if (since < countsFrom) return
      if (!isGood) failed++
      else {
        latencies.add(endedAt - since)
        firstBytes.add(begunAt - since)
      }
    },
    found: (keptPace) => ({
      answered: latencies.all.length,
      failed,
      perSecond: (inTime / measuredMs) * 1000,
      latencyMs: spreadOf(latencies.all),
      firstByteMs: spreadOf(firstBytes.all),
      nextNumber: number,
      keptPace,
    }),
  }
}
