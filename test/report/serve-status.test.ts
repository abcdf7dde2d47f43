import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { render } from 'ink'
import { createElement } from 'react'
import { describe, expect, test } from 'vitest'
import type { ForecastScore } from '../../src/domain/forecast.ts'
import { UserError } from '../../src/domain/user-error.ts'
import { formatJson } from '../../src/report/json.ts'
import { formatServeStatus } from '../../src/report/serve-status.ts'
import { serveStatusJson } from '../../src/report/serve-status-json.ts'
import { StatusWatch, watchServeStatus } from '../../src/report/serve-status-watch.tsx'
import { textWidth } from '../../src/report/text-width.ts'
import type { GatewaySnapshot } from '../../src/serve/gateway-snapshot.ts'
import { openLiveStats } from '../../src/serve/live-stats.ts'
import { fakeTty } from '../support/fake-tty.ts'
import { hostileText } from '../support/hostile-text.ts'
import { describedKeys, type JsonSchema, reversed, schemaProblems } from '../support/json-schema.ts'
import { gatewayState, policyFacts } from '../support/live-stats.ts'
import { seededGateway } from '../support/seeded-gateway.ts'
import { attempt, servedOf } from '../support/served.ts'

const rich = seededGateway().snapshot()
const empty = openLiveStats({
  policy: policyFacts({ source: null, baselineP95Ms: null }),
  now: () => Date.UTC(2026, 9, 31, 9, 30),
  state: gatewayState,
}).snapshot()
const view = { width: 80, color: false, unicode: true }

describe('llmcost serve status', () => {
  test('golden text', async () => {
    await expect(formatServeStatus(rich, view)).toMatchFileSnapshot('golden/serve-status.txt')
  })

  test('golden text of a gateway that has done nothing yet', async () => {
    await expect(formatServeStatus(empty, view)).toMatchFileSnapshot(
      'golden/serve-status-empty.txt',
    )
  })

  test('prints a forecast beside what came of it, and whether that lies inside the interval', () => {
    const lines = formatServeStatus(rich, view).split('\n')
    const line = (start: string) => lines.find((each) => each.trim().startsWith(start)) ?? ''
    expect(line('cost per 1,000 requests  ')).toMatch(
      /\$1\.44 +\$1\.31 – \$1\.58 +\$1\.48 +\+3\.1 %, inside/,
    )
    expect(line('combined hit rate')).toMatch(/44% +42% – 46% +47% +\+3\.1 points, outside/)
    expect(lines).toContain('  p95 latency                 1.4 s              –   1.4 s  +0.7 %')
  })

  test('says how far forecasts were off before', () => {
    const earlier = { ...(rich.forecast as ForecastScore), from: '2026-10-01T08:00:00.000Z' }
    const text = formatServeStatus(
      { ...rich, earlierForecasts: [earlier] },
      { ...view, width: 140 },
    )
    expect(text).toMatch(
      /EARLIER FORECASTS[\s\S]*2026-10-01 08:00 UTC +1f00c0ff .*\+3\.1 %, inside/,
    )
  })

  test('what wants attention is red, what is within its limit green', () => {
    const text = formatServeStatus(rich, { ...view, color: true })
    expect(text).toContain('\x1b[31mabove 30%: time to act')
    expect(text).toContain('\x1b[32mact below 25%')
    const health = { ...rich.health, status: 'degraded', problems: ['the disk is full'] } as const
    const troubled = formatServeStatus({ ...rich, health }, { ...view, color: true })
    expect(troubled).toContain('\x1b[31mdegraded')
    expect(troubled).toContain('\x1b[31mthe disk is full')
  })

  test.each(['hour', 'day', 'start'] as const)(
    'shows the window that is asked for: %s',
    (window) => {
      const { requests } = rich.windows[window]
      expect(formatServeStatus(rich, { ...view, window })).toContain(
        `cost per 1,000 requests; ${requests.toLocaleString('en-US')} requests`,
      )
    },
  )

  test.each([40, 60, 80, 120])(
    'no line is wider than %i columns, in Unicode or in ASCII',
    (width) => {
      for (const unicode of [true, false]) {
        const text = formatServeStatus(rich, { width, color: false, unicode })
        expect(Math.max(...text.split('\n').map(textWidth))).toBeLessThanOrEqual(width)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: every character of ASCII.
        if (!unicode) expect(text).toMatch(/^[\x00-\x7f]*$/)
      }
    },
  )

  test('whatever callers name things, a line stays a line', () => {
    fc.assert(
      fc.property(hostileText(), (evil) => {
        const stats = openLiveStats({
          policy: policyFacts({ source: evil, baseline: evil }),
          now: () => 0,
          state: () =>
            gatewayState({
              health: { ...gatewayState().health, problems: [evil] },
              breakers: [{ target: evil, state: 'open', failures: 1, nextTryAt: null }],
            }),
        })
        const steps = [
          { kind: 'route', route: evil, targets: [] },
          attempt({ target: evil }),
        ] as const
        stats.add(servedOf({ request: { plan: evil }, receipt: { steps } }))
        const text = formatServeStatus(stats.snapshot(), view)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may reach a terminal.
        expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/)
        expect(Math.max(...text.split('\n').map(textWidth))).toBeLessThanOrEqual(80)
      }),
      { numRuns: 100 },
    )
  })
})

describe('llmcost serve status --format json', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
  const schema = JSON.parse(read('../../src/report/schema/serve-status.schema.json')) as JsonSchema

  test.each([
    ['rich', rich],
    ['empty', empty],
  ])('the %s snapshot says all it holds and fits the schema, key for key', (_name, snapshot) => {
    const parsed = JSON.parse(serveStatusJson(snapshot))
    expect(schemaProblems(parsed, schema)).toEqual([])
    const { windows, forecast, budgets } = snapshot
    expect(parsed).toMatchObject(JSON.parse(formatJson({ windows, forecast, budgets })))
    expect(serveStatusJson(snapshot)).not.toContain('NanoUsd')
  })

  test('the keys come in one order, that of the schema, however the snapshot was built', () => {
    const backwards = reversed(rich) as GatewaySnapshot
    const printed = JSON.parse(serveStatusJson(backwards))
    expect(Object.keys(printed)).toEqual(Object.keys(schema.properties ?? {}))
    expect(Object.keys(printed.windows.hour)).toEqual(
      Object.keys(schema.$defs?.['figures']?.properties ?? {}),
    )
  })

  test('every key is described in docs/json-output.md, in the order it is printed', () => {
    const [, docs = ''] = read('../../docs/json-output.md').split('\n## `llmcost serve status`\n')
    const own = docs.split('\n## ')[0] ?? ''
    const keys = [...own.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, key]) => key ?? '')
    const head = ['kind', 'version', 'generatedAt']
    const described = describedKeys(schema).filter((key) => !head.includes(key))
    expect(described.filter((key) => !keys.includes(key))).toEqual([])
    expect(keys.filter((key) => described.includes(key))).toEqual(described)
  })
})

describe('llmcost serve status --watch', () => {
  const keys = { up: '\x1b[A', down: '\x1b[B', right: '\x1b[C', left: '\x1b[D' }

  function show(fetchSnapshot: () => Promise<GatewaySnapshot>, columns = 100, rows = 40) {
    const tty = fakeTty(columns, rows)
    let quits = 0
    const onQuit = () => {
      quits += 1
    }
    const props = { fetchSnapshot, onQuit, everyMs: 5, view: { color: false, unicode: true } }
    const app = render(createElement(StatusWatch, props), {
      ...tty,
      debug: true,
      patchConsole: false,
    })
    return { ...tty, app, quits: () => quits }
  }

  test('follows the gateway', async () => {
    const gateway = seededGateway()
    const { until, app } = show(async () => gateway.snapshot())
    const { requests } = gateway.snapshot().windows.hour
    await until(new RegExp(`${requests} requests`))
    gateway.serve()
    await until(new RegExp(`${requests + 1} requests`))
    app.unmount()
  })

  test('arrow keys choose the window and scroll; q quits', async () => {
    const { stdin, until, app, quits } = show(async () => rich, 100, 24)
    await until(/spent in the last hour/)
    stdin.push(keys.right)
    await until(/spent in the last 24 hours/)
    stdin.push(keys.right + keys.right)
    await until(/spent since the start/)
    stdin.push(keys.down.repeat(200))
    const bottom = await until(/CUSTOMER PLANS/)
    expect(bottom).not.toContain('spent since the start')
    stdin.push(keys.up.repeat(200))
    await until(/spent since the start/)
    stdin.push('q')
    stdin.push(keys.left)
    await until(/spent in the last 24 hours/)
    expect(quits()).toBe(1)
    app.unmount()
  })

  test('a gateway that does not answer is asked again, and what it said last stays', async () => {
    let isDown = false
    const { until, app } = show(async () => {
      if (isDown) throw new UserError('nobody listens on 127.0.0.1:4142')
      return rich
    })
    await until(/spent in the last hour/)
    isDown = true
    expect(await until(/nobody listens on 127\.0\.0\.1:4142; asking again/)).toContain('spent in')
    isDown = false
    await until(/q quit/)
    app.unmount()
  })

  test('without a terminal it refuses and says what to do instead', async () => {
    const terminal = { stdin: {}, stdout: { isTTY: true, write: () => true } }
    const refused = watchServeStatus(async () => rich, terminal, view)
    await expect(refused).rejects.toMatchObject({
      message: '--watch needs a terminal',
      hint: expect.stringContaining('--format json'),
    })
  })
})
