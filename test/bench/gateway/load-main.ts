import { type Load, type LoadFound, runLoad } from './load.ts'

/** A process of its own, so that it can be put on a core of its own and stays warm: a load comes in, what it found goes out. */
export type LoadAnswer = { readonly found: LoadFound } | { readonly error: string }

process.on('message', (load: Load) => {
  void runLoad(load)
    .then((found): LoadAnswer => ({ found }))
    .catch((error: unknown): LoadAnswer => ({ error: String(error) }))
    .then((answer) => process.send?.(answer))
})
