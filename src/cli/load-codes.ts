import type { InputFlags } from './common-options.ts'
import type { OpenLogs } from './logs.ts'
import type { Terminal } from './terminal.ts'

/** The exit code after Ctrl-C: 128 and the number of the signal, as shells have it. */
export function interruptedCode(terminal: Terminal): number {
  terminal.stderr.write('stopped; run the same command again to go on where it was\n')
  return 130
}

/** With --strict, a rejected record is reason enough to fail. */
export function rejectedCode(logs: OpenLogs, flags: InputFlags, terminal: Terminal): number {
  if (flags.strict !== true || logs.report === null) return 0
  const rejected = logs.report.files.reduce(
    (sum, file) => sum + Object.values(file.counts.rejected).reduce((a, b) => a + b, 0),
    0,
  )
  if (rejected === 0) return 0
  terminal.stderr.write(
    `error: ${rejected} records were rejected\nhint:  llmcost sql "select * from v_rejects" shows each with its file, line and reason\n`,
  )
  return 2
}
