import { spawnSync } from 'node:child_process'

/** What a program wrote to a real pseudo terminal, and how it ended. */
export type TerminalRun = { readonly output: string; readonly status: number }

/** True where Python can open pseudo terminals: node itself has no way to. */
export const hasPseudoTerminal =
  process.platform !== 'win32' && spawnSync('python3', ['-c', 'import pty']).status === 0

/** Runs a command in a terminal of 80 × 30: waits for each text in turn, then presses the keys beside it. */
export function runInTerminal(
  command: readonly string[],
  steps: readonly (readonly [awaited: string, keys: string])[],
): TerminalRun {
  const ran = spawnSync('python3', ['-c', driver, JSON.stringify({ command, steps })], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  if (ran.status !== 0) throw new Error(ran.stderr)
  return JSON.parse(ran.stdout) as TerminalRun
}

/** Runs a command in a terminal that is closed once a text is there: the signal, or the exit code, that it ended by. */
export function closeTerminalOf(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  awaited: string,
): string {
  const ran = spawnSync('python3', ['-c', closer, JSON.stringify({ command, awaited })], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, ...env },
  })
  if (ran.status !== 0) throw new Error(ran.stderr)
  return ran.stdout.trim()
}

const closer = `
import json, os, pty, signal, sys
job = json.loads(sys.argv[1])
child, screen = pty.fork()
if child == 0:
    os.execvp(job['command'][0], job['command'])
output = b''
while job['awaited'].encode() not in output:
    output += os.read(screen, 65536)
os.close(screen)
_, status = os.waitpid(child, 0)
code = os.waitstatus_to_exitcode(status)
print(code if code >= 0 else signal.Signals(-code).name)
`

const driver = `
import fcntl, json, os, pty, select, struct, sys, termios
job = json.loads(sys.argv[1])
child, screen = pty.fork()
if child == 0:
    os.environ.pop('CI', None)
    os.environ['TERM'] = 'xterm-256color'
    os.execvp(job['command'][0], job['command'])
fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 80, 0, 0))
output, seen = b'', 0
def read():
    global output
    ready, _, _ = select.select([screen], [], [], 30)
    if not ready:
        sys.exit('nothing was written any more; so far: ' + output.decode('utf8', 'replace'))
    try:
        data = os.read(screen, 65536)
    except OSError:
        data = b''
    output += data
    return data != b''
for awaited, keys in job['steps']:
    while output.find(awaited.encode(), seen) < 0:
        if not read():
            sys.exit('ended before ' + awaited + ': ' + output.decode('utf8', 'replace'))
    seen = len(output)
    os.write(screen, keys.encode())
while read():
    pass
_, status = os.waitpid(child, 0)
print(json.dumps({'output': output.decode('utf8', 'replace'), 'status': os.waitstatus_to_exitcode(status)}))
`
