import { createHash } from 'node:crypto'
import { dashboardChartScript } from './dashboard-chart-script.ts'
import { dashboardScript } from './dashboard-script.ts'
import { dashboardStyle } from './dashboard-style.ts'
import { html, trustedHtml } from './html.ts'
import { htmlStyle } from './html-style.ts'

/** The live dashboard: one page that loads nothing, and the headers it is to be sent with. */
export type DashboardPage = {
  readonly html: string
  readonly headers: Readonly<Record<string, string>>
}

const style = htmlStyle + dashboardStyle
const script = `'use strict';(() => {${dashboardChartScript}${dashboardScript}})()`

/**
 * The page asks for `events` beside itself and puts what comes into place as text. Its policy lets run this script and
 * this style sheet alone, by their hashes, and makes any use of markup as a string an error.
 */
export function dashboardPage(): DashboardPage {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
  return {
    html: markup,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    },
  }
}

const hashOf = (text: string): string =>
  `sha256-${createHash('sha256').update(text).digest('base64')}`

const markup = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>llmcost gateway</title>
<link rel="icon" href="data:,">
<style>${trustedHtml(style)}</style>
</head>
<body>
<main class="dashboard">
<header class="top">
<h1>llmcost <span class="muted">gateway</span></h1>
<p id="link" class="pill" role="status">connecting</p>
<div id="windows" class="windows" role="group" aria-label="Time shown"></div>
<p id="facts" class="facts-line muted"></p>
</header>
<noscript><p class="card">This page is drawn by its own script; switch scripts on to see it.</p></noscript>
<div id="problems" role="alert"></div>
<section id="hero" class="hero-row" aria-label="Spend and savings"></section>
<section id="tiles" class="tiles" aria-label="Figures"></section>
<section id="charts" class="charts" aria-label="Over time"></section>
<section id="wide" aria-label="Models and budgets"></section>
<section id="tables" class="tables" aria-label="Details"></section>
<section id="recent" aria-label="Recent receipts">
<h2>Recent receipts</h2>
<p class="remark">The last hundred requests, newest first, without a word of what was asked. Open one for its steps.</p>
<div id="receipts" class="card receipts"></div>
</section>
<footer id="footer"></footer>
</main>
<script>${trustedHtml(script)}</script>
</body>
</html>
`.markup
