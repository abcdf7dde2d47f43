import { fileURLToPath } from 'node:url'
import { render } from 'ink'
import { createElement } from 'react'
import { expect, test } from 'vitest'
import { UserError } from '../../src/domain/user-error.ts'
import { runInteractive, SimulateScreen } from '../../src/report/simulate-interactive.tsx'
import { explorerModel } from '../support/explorer-model.ts'
import { fakeTty } from '../support/fake-tty.ts'
import { hasPseudoTerminal, runInTerminal } from '../support/pseudo-terminal.ts'

const keys = { up: '\x1b[A', down: '\x1b[B', right: '\x1b[C', left: '\x1b[D' }
const view = { color: false, unicode: true }
const main = fileURLToPath(new URL('../support/explorer-main.ts', import.meta.url))
const command = [process.execPath, '--import', 'tsx', main]
const [ownScreen, oldScreen] = ['\x1b[?1049h', '\x1b[?1049l']
const [shownCursor, hiddenCursor] = ['\x1b[?25h', '\x1b[?25l']

function show(columns = 80, rows = 40) {
  const tty = fakeTty(columns, rows)
  let quits = 0
  const onQuit = () => {
    quits += 1
  }
  const app = render(createElement(SimulateScreen, { model: explorerModel, onQuit, view }), {
    ...tty,
    debug: true,
    patchConsole: false,
  })
  return { ...tty, app, quits: () => quits }
}

test('arrow keys move the threshold and the other settings; figures and pairs follow', async () => {
  const { stdin, until, app } = show()
  await until(/0\.92[\s\S]*semantic 8,000[\s\S]*How do I pay at 0\.92\?/)
  stdin.push(keys.left)
  await until(/0\.90[\s\S]*semantic 10,000[\s\S]*How do I pay at 0\.9\?/)
  stdin.push(keys.down + keys.down)
  await until(/> namespace +< tenant >/)
  stdin.push(keys.right)
  await until(/< user[\s\S]*wrong +unmeasured/)
  app.unmount()
})

test('the curve fills in by itself', async () => {
  const { until, app } = show()
  await until(/\$20 │█[\s\S]*▲ 0\.92 here/)
  app.unmount()
})

test('the screen follows the size of the terminal', async () => {
  const { until, resize, app } = show(100, 40)
  await until(/0\.92 here/)
  resize(50, 16)
  const small = await until(/namespace/)
  expect(small).not.toContain('here')
  resize(100, 40)
  await until(/0\.92 here/)
  app.unmount()
})

test('q asks to quit', async () => {
  const { stdin, until, app, quits } = show()
  await until(/semantic 8,000/)
  stdin.push('q')
  stdin.push(keys.left)
  await until(/semantic 10,000/)
  expect(quits()).toBe(1)
  app.unmount()
})

test.each([
  ['stdin', { stdin: {}, stdout: { isTTY: true, write: (): boolean => true } }],
  ['stdout', { stdin: { isTTY: true }, stdout: { write: (): boolean => true } }],
])('without a terminal for %s it refuses and says what to do instead', async (_name, terminal) => {
  const refused = runInteractive(explorerModel, terminal, view)
  await expect(refused).rejects.toThrow(UserError)
  await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('--format html') })
})

test('a model that fails gives the old screen back before the error goes on', async () => {
  const tty = fakeTty(80, 30)
  const evaluate = () => {
    throw new RangeError('no such threshold')
  }
  const run = runInteractive({ ...explorerModel, evaluate }, tty, view)
  await expect(run).rejects.toThrow('no such threshold')
  expect(tty.written().startsWith(ownScreen)).toBe(true)
  expect(tty.written().endsWith(oldScreen)).toBe(true)
})

test.runIf(hasPseudoTerminal).each([
  ['q', 'q'],
  ['Ctrl-C', '\x03'],
])('in a real terminal %s leaves everything as it was', (_name, key) => {
  const { output, status } = runInTerminal(command, [
    ['How do I pay at 0.92?', keys.right],
    ['How do I pay at 0.95?', key],
  ])
  expect(status).toBe(0)
  expect(output.indexOf(ownScreen)).toBeLessThan(output.indexOf('How do I pay'))
  const end = output.slice(output.indexOf(oldScreen))
  expect(end.replaceAll(shownCursor, '')).toBe(`${oldScreen}back again\r\n`)
  expect(output.lastIndexOf(shownCursor)).toBeGreaterThan(output.lastIndexOf(hiddenCursor))
})
