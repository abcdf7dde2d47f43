import { describe, test } from 'vitest'
import type { Harness } from '../gateways/harness.ts'
import * as billing from './billing.ts'
import * as caching from './caching.ts'
import { type Complaint, hear } from './complaint.ts'
import * as promptCache from './prompt-cache.ts'
import * as slowClients from './slow-clients.ts'
import * as smuggling from './smuggling.ts'
import * as spending from './spending.ts'
import * as streaming from './streaming.ts'

/** All complaints, by the name of what must not happen. */
export const complaints = {
  ...caching,
  ...billing,
  ...streaming,
  ...spending,
  ...promptCache,
  ...smuggling,
  ...slowClients,
} as const satisfies Readonly<Record<string, Complaint>>

export type ComplaintName = keyof typeof complaints

/** One test for each, named after what it prevents. */
export function describeComplaints(name: string, harness: Harness): void {
  describe(name, () => {
    for (const complaint of Object.values(complaints))
      test(complaint.name, () => hear(complaint, harness))
  })
}
