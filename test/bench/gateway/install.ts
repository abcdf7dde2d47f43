import { spawnSync } from 'node:child_process'

type Command = readonly [string, ...string[]]

/** Runs what puts a peer into its folder. Null, or why it cannot be had here. */
export function install(
  name: string,
  folder: string,
  commands: readonly Command[],
): { readonly missing: string } | null {
  process.stderr.write(`installing ${name} in ${folder}\n`)
  for (const [program, ...args] of commands) {
    const { status, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
    if (status === 0) continue
    const reason = error?.message ?? stderr.trim().split('\n').at(-1)
    return { missing: `${name} could not be installed: ${reason}` }
  }
  return null
}
