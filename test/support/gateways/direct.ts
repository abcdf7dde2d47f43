import type { Harness } from './harness.ts'

/** No gateway at all: what a gateway has to look like. */
export const direct: Harness = {
  async start({ upstream }) {
    return { url: upstream, records: async () => [], close: async () => {} }
  },
}
