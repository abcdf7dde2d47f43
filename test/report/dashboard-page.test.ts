import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dashboardPage } from '../../src/report/dashboard-page.ts'
import { openLiveStats } from '../../src/serve/live-stats.ts'
import { type Browser, browserPath, openBrowser, type Page } from '../support/browser.ts'
import { serveDashboard } from '../support/dashboard-server.ts'
import { gatewayState, policyFacts } from '../support/live-stats.ts'
import { seededGateway } from '../support/seeded-gateway.ts'
import { attempt, missed, nano, servedOf } from '../support/served.ts'

const path = browserPath()

test('the page loads nothing, and its policy lets run its own script and style alone', () => {
  const { html, headers } = dashboardPage()
  const policy = headers['content-security-policy'] ?? ''
  for (const tag of ['script', 'style']) {
    const found = [...html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))]
    expect(found).toHaveLength(1)
    const hash = createHash('sha256')
      .update(found[0]?.[1] ?? '')
      .digest('base64')
    expect(policy).toContain(`${tag}-src 'sha256-${hash}'`)
  }
  expect(policy).not.toMatch(/unsafe|https?:|\*/)
  expect(html).not.toMatch(/\son\w+=|\sstyle=|\ssrc=|href="(?!data:,")/i)
  expect(html).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/)
})

describe.skipIf(path === null)('in a real browser', () => {
  let browser: Browser
  // Looked at by most, changed by none of them.
  const quiet = seededGateway().snapshot()
  beforeAll(async () => {
    browser = await openBrowser(path ?? '')
  })
  afterAll(() => browser?.close())

  const textOf = (page: Page, selector: string) =>
    page.evaluate<string>(`document.querySelector(${JSON.stringify(selector)}).innerText`)
  const shown = (page: Page) => page.until("document.querySelector('#link').textContent === 'live'")

  async function open(snapshot: Parameters<typeof serveDashboard>[0], look = {}) {
    const server = await serveDashboard(snapshot)
    const page = await browser.open(server.url, look)
    await page.until("document.querySelector('#hero .value') !== null")
    return {
      page,
      server,
      async close() {
        await page.close()
        await server.close()
      },
    }
  }

  test('shows what the snapshot says, with units, denominators and thresholds', async () => {
    const { page, close } = await open(() => quiet)
    const { windows } = quiet
    const { cache, requests } = windows.hour
    const hero = await textOf(page, '#hero')
    expect(hero).toContain('Spent in the last hour')
    expect(hero).toContain(`${requests} requests`)
    const hitRate = await textOf(page, '#tile-hit-rate')
    expect(hitRate).toContain(`${Math.round((cache.hitRate ?? 0) * 100)}%`)
    expect(hitRate).toContain(`${cache.hits} hits of ${cache.cacheable} cacheable`)
    expect(hitRate).toContain('act below 25%')
    expect(await textOf(page, '#tile-top-tier')).toContain('above 30%: time to act')
    const tables = await textOf(page, 'main')
    for (const word of ['anthropic:claude-sonnet-5', 'u_1093', 'Forecast and actual', 'outside'])
      expect(tables).toContain(word)
    expect(tables).not.toMatch(/undefined|NaN|Infinity|null|\[object/)
    expect(await page.evaluate('document.querySelectorAll("#receipts details").length')).toBe(100)
    expect(page.problems).toEqual([])
    await close()
  })

  test('loads nothing but its events', async () => {
    const { page, server, close } = await open(() => quiet)
    const loaded = 'performance.getEntriesByType("resource").map(({ name }) => name)'
    const names = await page.evaluate<readonly string[]>(loaded)
    expect(names.filter((name) => name !== `${server.url}events`)).toEqual([])
    await close()
  })

  test('whatever a model, a route or a budget is called is text', async () => {
    const evil = '<img src=x onerror="window.broken = true"><script>window.broken = true</script>'
    const steps = [
      missed('exact'),
      { kind: 'route', route: evil, targets: [evil] },
      attempt({ target: evil, reason: evil, outcome: 'rejected' }),
    ] as const
    const stats = openLiveStats({
      policy: policyFacts({ source: evil, baseline: evil }),
      now: () => Date.UTC(2026, 9, 31),
      state: () =>
        gatewayState({
          health: { ...gatewayState().health, status: 'degraded', problems: [evil] },
          breakers: [{ target: evil, state: 'open', failures: 5, nextTryAt: null }],
          budgets: [
            {
              budget: evil,
              member: evil,
              window: 'day',
              limitUsd: 1,
              spentUsd: 2,
              reservedUsd: 0,
              action: 'block',
              resetsAt: null,
            },
          ],
        }),
    })
    stats.add(
      servedOf({
        request: { model: evil, plan: evil },
        receipt: { id: evil, steps },
        served: { endpoint: evil },
      }),
    )
    const { page, close } = await open((minutes) => stats.snapshot(minutes))
    await page.evaluate("document.querySelector('#receipts details').open = true")
    for (const selector of ['#receipts', '#wide', '#tables', '#problems', '#facts', '#footer'])
      expect(await textOf(page, selector), selector).toContain('<img src=x onerror=')
    expect(await page.evaluate('document.querySelectorAll("img, main script").length')).toBe(0)
    expect(await page.evaluate('window.broken === undefined')).toBe(true)
    expect(page.problems).toEqual([])
    await close()
  })

  test('markup as a string is an error, an inline script or a request elsewhere is refused', async () => {
    const { page, close } = await open(() => quiet)
    const tried = (code: string) =>
      page.evaluate<string>(
        `(() => { try { ${code}; return 'done' } catch (error) { return error.name } })()`,
      )
    expect(await tried("document.body.innerHTML = '<b>x</b>'")).toBe('TypeError')
    expect(await tried("document.write('<b>x</b>')")).toBe('TypeError')
    expect(await tried("document.body.setAttribute('onclick', 'window.broken = true')")).toBe(
      'TypeError',
    )
    const elsewhere = "fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.name)"
    expect(await page.evaluate(elsewhere)).toBe('TypeError')
    expect(page.problems.join('\n')).toContain('Content Security Policy')
    await close()
  })

  test('follows the gateway, keeps an opened receipt open, and ends where a fresh page begins', async () => {
    const gateway = seededGateway()
    const { page, server, close } = await open(gateway.snapshot)
    await page.until('document.querySelectorAll("#receipts details").length === 100')
    await page.evaluate(
      "window.opened = document.querySelector('#receipts details'); opened.open = true",
    )
    const id = await page.evaluate<string>("opened.querySelector('code').textContent")
    for (let minute = 0; minute < 3; minute++) {
      for (let count = 0; count < 8; count++) gateway.serve()
      gateway.wait(60_000)
    }
    const newest = gateway.snapshot().recent[0]?.id
    await page.until(`document.querySelector('#receipts code').textContent === '${newest}'`)
    expect(
      await page.evaluate(
        "opened.isConnected && opened.open && opened.querySelector('code').textContent",
      ),
    ).toBe(id)
    expect(await page.evaluate('document.querySelectorAll("#receipts details").length')).toBe(100)
    const fresh = await browser.open(server.url)
    await fresh.until('document.querySelectorAll("#receipts details").length === 100')
    await page.evaluate('opened.open = false')
    for (const window of [0, 1, 2]) {
      const look = `document.querySelectorAll('#windows button')[${window}].click(); document.querySelector('main').textContent`
      expect(await page.evaluate(look)).toBe(await fresh.evaluate(look))
      const points =
        "[...document.querySelectorAll('polyline, polygon')].map((line) => line.getAttribute('points'))"
      expect(await page.evaluate(points)).toEqual(await fresh.evaluate(points))
    }
    await fresh.close()
    await close()
  })

  test('says that it lost the gateway, and comes back by itself', async () => {
    const { page, server, close } = await open(() => quiet)
    await shown(page)
    server.events.close()
    await page.until("document.querySelector('#link').textContent === 'reconnecting'")
    await shown(page)
    await close()
  })

  test('the hour, the day and all time are a click apart', async () => {
    const { page, close } = await open(() => quiet)
    await page.evaluate("document.querySelectorAll('#windows button')[2].click()")
    expect(await textOf(page, '#hero')).toContain('Spent since the start')
    expect(await textOf(page, '#chart-requests')).toContain('per 10 minutes')
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('#windows button')].map((each) => each.ariaPressed)",
      ),
    ).toEqual(['false', 'false', 'true'])
    await close()
  })

  test('a chart says its numbers where the pointer is', async () => {
    const { page, close } = await open(() => quiet, { height: 2000 })
    await page.until("document.querySelector('#chart-requests svg') !== null")
    const { x, y } = await page.evaluate<{ x: number; y: number }>(
      "(() => { const box = document.querySelector('#chart-requests svg').getBoundingClientRect(); return { x: box.x + box.width / 2, y: box.y + 60 } })()",
    )
    await page.point(x, y)
    await page.until("document.querySelector('#chart-requests .tip') !== null")
    const tip = await textOf(page, '#chart-requests .tip')
    expect(tip).toMatch(/^\d\d:\d\d\nfrom caches \d+\nby models \d+\nrefused \d+\nfailed \d+$/)
    await page.point(5, 5)
    await page.until("document.querySelector('#chart-requests .tip') === null")
    await close()
  })

  test.each([
    [390, false],
    [390, true],
    [320, false],
    [768, true],
    [1280, false],
    [1280, true],
  ])(
    'at %i pixels (dark: %s) nothing is cut off and everything can be read',
    async (width, isDark) => {
      const { page, close } = await open(() => quiet, { width, isDark, height: 900 })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      // WCAG 2.2, 1.4.3: small text stands out by 4.5 to 1.
      const dim = await page.evaluate<readonly string[]>(lowContrast)
      expect(dim).toEqual([])
      await close()
    },
  )

  test('a gateway that has done nothing yet says so, without a number that means nothing', async () => {
    const stats = openLiveStats({
      policy: policyFacts(),
      now: () => Date.UTC(2026, 9, 31),
      state: gatewayState,
    })
    const { page, close } = await open((minutes) => stats.snapshot(minutes))
    const text = await textOf(page, 'main')
    expect(text).toContain('no request is done yet')
    expect(text).not.toMatch(/undefined|NaN|Infinity|null/)
    expect(page.problems).toEqual([])
    stats.add(servedOf())
    stats.addCost('audit', nano(0.001))
    await page.until("document.querySelector('#receipts details') !== null")
    expect(await textOf(page, '#hero')).toContain('$0.004')
    await close()
  })
})

/** Texts whose colour is too near to that of what they stand on, in words for the failure. */
const lowContrast = `(() => {
  const numbers = (color) => (color.match(/[\\d.]+/g) || []).map(Number)
  const linear = (part) => { const c = part / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 }
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor)
      if (color.length === 3 || color[3] === 1) return color
    }
    return [255, 255, 255]
  }
  const found = []
  for (const element of document.querySelectorAll('main *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')
    if (!own || element.getClientRects().length === 0) continue
    const style = getComputedStyle(element)
    const color = numbers(element.localName === 'text' ? style.fill : style.color)
    const [light, dark] = [luminance(color), luminance(behind(element))].sort((a, b) => b - a)
    const contrast = (light + 0.05) / (dark + 0.05)
    if (contrast < 4.5) found.push(element.localName + '.' + element.className + ' ' + contrast.toFixed(2))
  }
  return [...new Set(found)]
})()`
