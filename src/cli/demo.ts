import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AnalyzeResult, Opportunity } from '../analyze/result.ts'
import { UserError } from '../domain/user-error.ts'
import { type AnalyzeFlags, runAnalyze } from './analyze.ts'
import type { Terminal } from './terminal.ts'

/** Beside the bundle in the package, among the fixtures in a checkout. */
const places = [
  './demo.jsonl.gz',
  '../fixtures/logs/demo.jsonl.gz',
  '../../fixtures/logs/demo.jsonl.gz',
]

/** `llmcost demo`: the report on a bundled log, in a store of its own that is removed afterwards unless `--db` names it. */
export async function runDemo(flags: AnalyzeFlags, terminal: Terminal): Promise<number> {
  const path = places
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((each) => existsSync(each))
  if (path === undefined) throw new UserError('the demo log is missing from this installation')
  const folder = mkdtempSync(join(tmpdir(), 'llmcost-demo-'))
  try {
    const asked = {
      planPrice: { free: 0, pro: 24 },
      ...flags,
      db: flags.db ?? join(folder, 'llmcost.db'),
      quiet: flags.verbose !== true,
    }
    return await runAnalyze([path], asked, terminal, (result) => withDemoCommands(result, path))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Commands that a reader of the demo can copy: the bundled log is known by this command alone. */
function withDemoCommands(result: AnalyzeResult, path: string): AnalyzeResult {
  const renamed = (each: Opportunity): Opportunity => ({
    ...each,
    command: each.command.replace(`llmcost analyze ${path}`, 'llmcost demo'),
  })
  return {
    ...result,
    facts: result.facts.map(renamed),
    opportunities: result.opportunities.map(renamed),
  }
}
