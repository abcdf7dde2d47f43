import type {
  Asked,
  AskedLabel,
  Attempted,
  AttemptTerms,
  FoundEntry,
  MaybePromise,
  World,
} from '../domain/world.ts'

export type SampleWorldOptions = {
  /** Asks a model; null is the one that the application asked for. */
  readonly ask: (
    target: string | null,
    asked: Asked,
    terms: AttemptTerms,
  ) => MaybePromise<Attempted>
  /** The entry that would have served the request in its history; null where none would have. */
  readonly entryOf: (asked: Asked) => FoundEntry | null
  readonly classify: (classifier: string, asked: Asked) => MaybePromise<AskedLabel>
  readonly wait: (ms: number) => Promise<void>
}

/**
 * The world of a sample: requests out of their order, answered by models that are really asked. What a cache would
 * have held is known from the history that the sample was drawn from; a run's own budget is kept where models are
 * asked.
 */
export const openSampleWorld = ({ ask, entryOf, classify, wait }: SampleWorldOptions): World => ({
  cache: {
    findExact: () => null,
    findNearest: (asked) => ({ kind: 'asked', found: entryOf(asked), guarded: null }),
    findInFlight: () => null,
    begin: () => undefined,
    remember: () => undefined,
    end: () => undefined,
  },
  ledger: { admit: () => null, settle: () => undefined },
  ask,
  classify,
  // Each request of a sample stands for itself: one that failed is no reason not to ask for the next.
  isUp: () => true,
  wait,
})
