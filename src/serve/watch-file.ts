import { type Stats, stat, statSync } from 'node:fs'

export type FileWatch = { close(): void }

/** A look a second costs nothing, and sees what notifications of the system miss: other files in its place, links, network disks. */
const usualLookMs = 1_000

/**
 * Calls back when a file has become another, by being written, replaced or removed, and has stayed the same for one more
 * look: a program that writes it in pieces has ended by then.
 */
export function watchFile(path: string, onChange: () => void, lookMs = usualLookMs): FileWatch {
  let known = stampOf(statSync(path, { throwIfNoEntry: false }))
  let seen = known
  let isClosed = false
  let timer: NodeJS.Timeout | null = null
  const lookLater = () => {
    if (!isClosed) timer = setTimeout(look, lookMs).unref()
  }
  const look = () =>
    stat(path, (_, stats) => {
      if (isClosed) return
      const now = stampOf(stats)
      const isStill = now === seen
      seen = now
      if (isStill && now !== known) {
        known = now
        onChange()
      }
      lookLater()
    })
  lookLater()
  return {
    close() {
      isClosed = true
      clearTimeout(timer ?? undefined)
    },
  }
}

const stampOf = (stats: Stats | undefined): string =>
  stats === undefined
    ? 'gone'
    : [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(' ')
