import { join, resolve } from 'node:path'
import type { LogFile } from './inputs.ts'
import type { Subject } from './interleave.ts'
import type { Command } from './measure.ts'

const root = resolve(import.meta.dirname, '../..')

/** The command as it is shipped. */
export const llmcost = (...args: readonly string[]): Command => ({
  argv: [process.execPath, join(root, 'bin/llmcost.js'), ...args],
})

const floor = (name: string, ...args: readonly string[]): Command => ({
  argv: [process.execPath, join(root, 'test/bench/floors', name), ...args],
})

/** Floor (a): reading alone. */
export const parseFloor = (log: LogFile): Subject => ({
  name: 'floor (a): split + parse',
  role: 'floor',
  command: () => floor('parse.mjs', log.path),
})

/** Floor (b): the least that a store of the same content costs on one thread. */
export const insertFloor = (log: LogFile): Subject => ({
  name: 'floor (b): parse + hash + insert',
  role: 'floor',
  command: ({ folder }) => floor('insert.mjs', log.path, join(folder, 'floor.db')),
})

/** What it costs to split texts into words. */
export const splitFloor = (texts: LogFile): Subject => ({
  name: 'floor: split into words',
  role: 'floor',
  command: () => floor('split-words.mjs', texts.path),
})

/** What it costs to start Node and do nothing. */
export const nodeFloor: Subject = {
  name: 'floor: node -e 0',
  role: 'floor',
  command: () => ({ argv: [process.execPath, '-e', '0'] }),
}
