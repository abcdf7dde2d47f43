import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openDashboardFeed } from '../../src/report/dashboard-feed.ts'
import { dashboardPage } from '../../src/report/dashboard-page.ts'
import { openEventStream } from '../../src/serve/event-stream.ts'
import type { GatewaySnapshot } from '../../src/serve/gateway-snapshot.ts'

/** The page and its events on loopback, as the gateway's admin port serves them. */
export async function serveDashboard(
  snapshot: (minutes?: number) => GatewaySnapshot,
  everyMs = 20,
) {
  const page = dashboardPage()
  const events = openEventStream({ feed: openDashboardFeed(snapshot), everyMs })
  const server = createServer((request, response) => {
    if (request.url === '/events') return events.connect(request, response)
    if (request.url !== '/') return void response.writeHead(404).end()
    response.writeHead(200, page.headers).end(page.html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    events,
    async close() {
      events.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
