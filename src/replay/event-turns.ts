import { setImmediate as otherEvents } from 'node:timers/promises'

/** Milliseconds that nothing else gets to happen: a tenth of a second is felt. */
const usualMs = 20

/**
 * For workers whose awaits may all be over at once, as with stored answers and mocks: timers, signals and sockets would
 * never have their turn. What it gives back is to be awaited before more is begun; null: go on.
 */
export function openEventTurns(everyMs = usualMs): () => Promise<void> | null {
  let last = performance.now()
  let pause: Promise<void> | null = null
  const end = () => {
    pause = null
    last = performance.now()
  }
  return () => {
    // One pause for all: the event loop goes on only when no worker does.
    if (pause === null && performance.now() - last >= everyMs) pause = otherEvents().then(end)
    return pause
  }
}
