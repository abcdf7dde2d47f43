import type { Output } from './terminal.ts'

/** Writes to a stream and waits until it takes more, so that a slow reader does not fill the memory. */
export async function writeOut(output: Output, text: string): Promise<void> {
  if (output.write(text) !== false || !isEmitter(output)) return
  await new Promise<void>((resume) => output.once('drain', resume))
}

type Emitter = { once(event: string, listener: () => void): unknown }

const isEmitter = (output: Output): output is Output & Emitter =>
  typeof (output as Partial<Emitter>).once === 'function'
