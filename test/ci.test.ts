import { spawnSync } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const root = resolve(import.meta.dirname, '..')
const textOf = (path: string) => readFileSync(join(root, path), 'utf8')
const scripts = (JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }).scripts

const step = z.strictObject({
  name: z.string().optional(),
  uses: z
    .string()
    .regex(/^actions\/[\w-]+@v\d+$/)
    .optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  run: z.string().optional(),
})
const job = z.strictObject({
  name: z.string(),
  'runs-on': z.string(),
  'timeout-minutes': z.number().max(20),
  strategy: z
    .strictObject({
      'fail-fast': z.literal(false),
      matrix: z.strictObject({
        os: z.array(z.string()),
        node: z.array(z.number()),
        include: z.array(z.strictObject({ os: z.string(), node: z.number() })),
      }),
    })
    .optional(),
  defaults: z.unknown().optional(),
  steps: z.array(step).min(1),
})
const workflow = z.object({
  permissions: z.strictObject({ contents: z.literal('read') }),
  jobs: z.record(z.string(), job),
})

const text = textOf('.github/workflows/ci.yml')
const { jobs } = workflow.parse(parse(text))
const steps = Object.values(jobs).flatMap((each) => each.steps)

test('the tests run on Node 20, 22 and 24 on Linux, and once on Windows and macOS', () => {
  const matrix = jobs['test']?.strategy?.matrix
  expect(matrix?.os).toEqual(['ubuntu-latest'])
  expect(matrix?.node).toEqual([20, 22, 24])
  expect(matrix?.include.map((each) => each.os)).toEqual(['windows-latest', 'macos-latest'])
})

test('every job checks out, installs Node, and runs commands that exist', () => {
  for (const { steps } of Object.values(jobs)) {
    expect(steps[0]?.uses).toMatch(/^actions\/checkout@/)
    expect(steps[0]?.with?.['persist-credentials']).toBe(false)
    expect(steps[1]?.uses).toMatch(/^actions\/setup-node@/)
  }
  const runs = steps.flatMap((each) => (each.run === undefined ? [] : [each.run]))
  expect(runs).toContain('.ci/run')
  for (const run of runs) {
    const script = /^npm run ([\w-]+)$/.exec(run)?.[1]
    if (script !== undefined) expect(scripts).toHaveProperty(script)
  }
})

test('together the jobs do what `npm run check` does', () => {
  const runs = steps.map((each) => each.run)
  for (const script of ['typecheck', 'lint']) {
    expect(scripts['check']).toContain(`npm run ${script}`)
    expect(runs).toContain(`npm run ${script}`)
  }
})

test('no job is given a secret, a registry or a permission to write', () => {
  expect(text).not.toMatch(/secrets\.|registry|: write/)
})

test('.ci/run is executable, reads no input and ends with the counts', () => {
  const run = textOf('.ci/run')
  if (process.platform !== 'win32') accessSync(join(root, '.ci/run'), constants.X_OK)
  expect(run.startsWith('#!/usr/bin/env bash\n')).toBe(true)
  expect(run).toContain('exec </dev/null')
  expect(run).toMatch(/npm ci/)
  expect(run).toMatch(/npm test/)
  expect(run).toMatch(/npm run (?:--silent )?fixtures -- --check/)
})

const dearer = `prices:
  - target: anthropic:claude-sonnet-4-5-20250929
    rates: { input: 30, cacheRead: 3, output: 150 }
`

test.skipIf(process.platform === 'win32')(
  '.ci/run holds the cost of a fixture to the committed baseline, and finds a dearer one',
  () => {
    expect(textOf('.ci/run')).toMatch(/^\.ci\/check-cost$/m)
    const ran = (script: string, env: Readonly<Record<string, string>> = {}) =>
      spawnSync(script, { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } })
    const { status, stdout } = ran(join(root, '.ci/check-cost'))
    expect(stdout).toMatch(/^pass: 1 passed of 1 assertion/)
    expect(status).toBe(0)
    const prices = join(mkdtempSync(join(tmpdir(), 'llmcost-ci-')), 'prices.yaml')
    writeFileSync(prices, dearer)
    const failed = ran(join(root, '.ci/check-cost'), {
      LLMCOST_PRICES: prices,
      GITHUB_ACTIONS: 'true',
    })
    expect(failed.stdout).toMatch(/^::error title=LLM cost/)
    expect(failed.status).toBe(1)
    rmSync(dirname(prices), { recursive: true })
  },
)
