import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { command, newTerminal, removeTerminals, root } from './support/cli.ts'
import { writeLog } from './support/write-log.ts'

afterEach(removeTerminals)

type Action = {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>
  readonly runs: {
    readonly steps: readonly {
      readonly run: string
      readonly env: Readonly<Record<string, string>>
    }[]
  }
}

const action = parse(readFileSync(join(root, 'action.yml'), 'utf8')) as Action

/** What GitHub puts in place of `${{ inputs.NAME }}`. */
const filled = (text: string, inputs: Readonly<Record<string, string>>): string =>
  text.replace(
    /\$\{\{ inputs\.(\w+) \}\}/g,
    (_, name) => inputs[name] ?? action.inputs[name]?.default ?? '',
  )

test.skipIf(process.platform === 'win32')(
  'the action fails on a regression, annotates it, and writes summary and comment',
  () => {
    const terminal = newTerminal()
    const { folder } = terminal
    const call = (inputTokens: number) => [
      {
        id: 'a',
        tags: { scenario: 'refund' },
        usage: { inputTokens, outputTokens: 100 },
        prompt: 'hello',
      },
    ]
    const before = writeLog(terminal, call(1000), 'before.jsonl')
    writeLog(terminal, call(3000), 'after.jsonl')
    const env = { ...process.env, ...terminal.env }
    execFileSync(command, ['check', before, '--save', 'baseline.json', '--quiet'], {
      cwd: folder,
      env,
    })
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    // Stands in for the registry: the package is this one.
    writeFileSync(
      join(bin, 'npx'),
      `#!/bin/sh\n[ "$2" = llmcost@latest ] || exit 9\nshift 2\nexec '${process.execPath}' '${command}' "$@"\n`,
    )
    chmodSync(join(bin, 'npx'), 0o755)
    const [step] = action.runs.steps
    const inputs = { files: 'after.jsonl', baseline: 'baseline.json', args: '--max-increase 5%' }
    const given = Object.entries(step?.env ?? {}).map(([name, text]) => [
      name,
      filled(text, inputs),
    ])
    const ran = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', step?.run ?? ''], {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...env,
        ...Object.fromEntries(given),
        PATH: `${bin}:${process.env['PATH']}`,
        RUNNER_TEMP: folder,
        GITHUB_OUTPUT: join(folder, 'output'),
        GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
      },
    })
    expect(ran.stdout).toContain('::error title=LLM cost%3A cost increase (cost)::')
    expect(ran.status).toBe(1)
    const comment = readFileSync(join(folder, 'llmcost-check.md'), 'utf8')
    expect(comment).toMatch(/^<!-- llmcost check -->/)
    expect(readFileSync(join(folder, 'summary.md'), 'utf8')).toBe(comment)
    expect(readFileSync(join(folder, 'output'), 'utf8')).toBe(
      `comment=${join(folder, 'llmcost-check.md')}\n`,
    )
  },
)
