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
