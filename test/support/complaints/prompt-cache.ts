import { expect } from 'vitest'
import { sendText } from '../gateways/fixture-upstream.ts'
import { ask } from '../gateways/http-client.ts'
import { chatWire, messagesWire } from '../gateways/wires.ts'
import type { Complaint } from './complaint.ts'

const mark = (ttl?: string) => ({
  cache_control: { type: 'ephemeral', ...(ttl !== undefined && { ttl }) },
})

/** Marks wherever the vendor takes them, in an order of keys and with digits of their own. */
const marked = JSON.stringify(
  messagesWire.ask('', {
    temperature: 0.7,
    tools: [
      { name: 'a', input_schema: { type: 'object' } },
      { name: 'b', input_schema: { type: 'object' }, ...mark('1h') },
    ],
    system: [{ type: 'text', text: 'A long manual.', ...mark('1h') }],
    messages: [
      { role: 'user', content: [{ ...mark(), type: 'text', text: 'Why?' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Because.', ...mark('5m') }] },
      { role: 'user', content: [{ type: 'text', text: 'And then?' }] },
    ],
  }),
).replace('"temperature":0.7', '"temperature": 0.70')

export const promptCacheBroken: Complaint = {
  name: 'marks of the prompt cache arrive as they were set, so that what was written is read again',
  async run(arena) {
    for (const exact of ['off', 'on']) {
      const upstream = await arena.upstream((response, { path }) => {
        const wire = path === chatWire.path ? chatWire : messagesWire
        sendText(response, 200, wire.whole({ text: 'Because.', model: wire.model }))
      })
      const policy = { cache: { exact } }
      const { url } = await arena.gateway({ upstream: upstream.url, policy })
      await ask(`${url}${messagesWire.path}`, { body: marked })
      const keyed = JSON.stringify(
        chatWire.ask('Why?', { prompt_cache_key: 'tenant-7', prompt_cache_retention: '24h' }),
      )
      await ask(`${url}${chatWire.path}`, { body: keyed })
      expect(upstream.received.map(({ body }) => body.toString())).toEqual([marked, keyed])
    }
  },
}
