import type { Output } from './terminal.ts'

type Emitter = { on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown }

/** Ends the process in peace when the reader of a pipe has gone (`llmcost export | head`): that is no failure. */
export function leaveOnClosedPipe(output: Output): void {
  if (!isEmitter(output)) return
  output.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
}

const isEmitter = (output: Output): output is Output & Emitter =>
  typeof (output as Partial<Emitter>).on === 'function'
