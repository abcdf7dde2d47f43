import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** A real browser without a window, driven over its own debugging pipe. */
export type Browser = {
  open(url: string, look?: PageLook): Promise<Page>
  close(): Promise<void>
}

export type PageLook = {
  readonly width?: number
  readonly height?: number
  readonly isDark?: boolean
}

export type Page = {
  /** The value of an expression in the page; a promise is waited for. */
  evaluate<T>(expression: string): Promise<T>
  /** Resolves once an expression is true, looked at in every frame. */
  until(expression: string): Promise<void>
  look(look: PageLook): Promise<void>
  /** Moves the pointer there. */
  point(x: number, y: number): Promise<void>
  /** The page as PNG: all of it, or so many pixels from the top. */
  screenshot(part?: { readonly top: number; readonly height: number }): Promise<Buffer>
  /** Errors, uncaught exceptions and breaches of the content policy since the page was opened. */
  readonly problems: readonly string[]
  close(): Promise<void>
}

/** The browser's path, or null where there is none. */
export const browserPath = (): string | null => {
  if (process.env['CHROME_PATH']) return process.env['CHROME_PATH']
  if (process.platform === 'win32') return null
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()
    } catch {
      // The next one.
    }
  }
  return null
}

/** Starts the browser with a profile of its own. */
export async function openBrowser(path: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'llmcost-browser-'))
  const child = spawn(path, [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const pipe = openPipe(child)
  await pipe.send('Browser.getVersion', {})
  return {
    open: (url, look = {}) => openPage(pipe, url, look),
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      pipe.send('Browser.close', {}).catch(() => {})
      await ended
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

const flags = [
  '--headless=new',
  '--remote-debugging-pipe',
  '--no-sandbox',
  '--no-first-run',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-background-networking',
  '--hide-scrollbars',
  '--force-color-profile=srgb',
  '--lang=en-US',
]

type Params = Readonly<Record<string, unknown>>
type Message = {
  readonly id?: number
  readonly method?: string
  readonly params?: Params
  readonly sessionId?: string
  readonly result?: Params
  readonly error?: { readonly message: string }
}

type Pipe = {
  send(method: string, params: Params, sessionId?: string): Promise<Params>
  listen(listener: (message: Message) => void): void
}

/** Messages as JSON, each ended by a zero byte (chromedevtools.github.io, remote-debugging-pipe). */
function openPipe(child: ChildProcess): Pipe {
  const [, , , into, from] = child.stdio as unknown as [null, null, null, Writable, Readable]
  const waiting = new Map<number, (message: Message) => void>()
  const listeners: ((message: Message) => void)[] = []
  let rest = Buffer.alloc(0)
  let lastId = 0
  from.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf(0); end !== -1; end = rest.indexOf(0)) {
      const message = JSON.parse(rest.toString('utf8', 0, end)) as Message
      rest = rest.subarray(end + 1)
      if (message.id !== undefined) waiting.get(message.id)?.(message)
      else for (const listener of listeners) listener(message)
    }
  })
  into.on('error', () => {})
  return {
    listen: (listener) => void listeners.push(listener),
    send: (method, params, sessionId) =>
      new Promise((resolve, reject) => {
        const id = ++lastId
        waiting.set(id, ({ result = {}, error }) => {
          waiting.delete(id)
          if (error === undefined) resolve(result)
          else reject(new Error(`${method}: ${error.message}`))
        })
        into.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
      }),
  }
}

async function openPage(pipe: Pipe, url: string, first: PageLook): Promise<Page> {
  const { targetId } = await pipe.send('Target.createTarget', { url: 'about:blank' })
  const attached = await pipe.send('Target.attachToTarget', { targetId, flatten: true })
  const sessionId = String(attached['sessionId'])
  const send = (method: string, params: Params = {}) => pipe.send(method, params, sessionId)
  const problems: string[] = []
  pipe.listen((message) => {
    if (message.sessionId === sessionId) problems.push(...problemsIn(message))
  })
  const look = async ({ width = 1280, height = 900, isDark = false }: PageLook) => {
    await send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 600,
    })
    const value = isDark ? 'dark' : 'light'
    await send('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value }],
    })
  }
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = (await send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value?: T }; exceptionDetails?: unknown }
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return result.value as T
  }
  for (const domain of ['Page', 'Runtime', 'Log']) await send(`${domain}.enable`)
  await look(first)
  await send('Page.navigate', { url })
  return {
    problems,
    evaluate,
    look,
    until: (expression) =>
      evaluate(
        `new Promise((resolve) => { const look = () => { let isSo = false; try { isSo = ${expression} } catch {} if (isSo) resolve(); else requestAnimationFrame(look) }; look() })`,
      ),
    async point(x, y) {
      await send('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y })
    },
    async screenshot(part) {
      const { cssContentSize } = (await send('Page.getLayoutMetrics')) as {
        cssContentSize: { width: number; height: number }
      }
      const { width, height } = cssContentSize
      const { data } = await send('Page.captureScreenshot', {
        captureBeyondViewport: true,
        clip: { x: 0, y: part?.top ?? 0, width, height: part?.height ?? height, scale: 1 },
      })
      return Buffer.from(String(data), 'base64')
    },
    async close() {
      await pipe.send('Target.closeTarget', { targetId })
    },
  }
}

function problemsIn({ method, params = {} }: Message): readonly string[] {
  if (method === 'Runtime.exceptionThrown') return [JSON.stringify(params['exceptionDetails'])]
  const isError = (level: unknown) => level === 'error' || level === 'warning'
  if (method === 'Runtime.consoleAPICalled' && isError(params['type']))
    return [JSON.stringify(params['args'])]
  const entry = (params['entry'] ?? {}) as { level?: string; text?: string }
  return method === 'Log.entryAdded' && isError(entry.level) ? [entry.text ?? ''] : []
}
