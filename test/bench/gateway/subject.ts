import type { ServerProcess } from '../../support/server-process.ts'
import type { Role } from '../outcome.ts'
import type { Pin } from './cores.ts'

/** What a subject is started with. */
export type Place = {
  /** Of its own, for its files. */
  readonly folder: string
  /** The API behind it, without a path: "http://127.0.0.1:4010". */
  readonly upstreamUrl: string
  /** Keeps it on the core that is measured. */
  readonly pin: Pin
}

export type Running = {
  /** "http://127.0.0.1:4141": the path is that of OpenAI's API. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Null for what is no process of its own. */
  readonly process: ServerProcess | null
}

/** Something that answers chat requests. */
export type Subject = {
  readonly name: string
  readonly role: Role
  start(place: Place): Promise<Running>
}

/** Prepares a subject; where it cannot be had here, says why in a sentence. */
export type Preparation = Subject | { readonly missing: string }
