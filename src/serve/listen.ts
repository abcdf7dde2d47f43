import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../domain/user-error.ts'

/** Listens, and gives the address: "http://127.0.0.1:4141". Throws a UserError where that is not possible. */
export async function listen(
  server: Server,
  host: string,
  port: number,
  flag: string,
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port, flag)))
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${shown}:${address.port}`
}

function listenError(error: Error, host: string, port: number, flag: string): Error {
  const { code } = error as NodeJS.ErrnoException
  if (code === undefined) return error
  const isInUse = code === 'EADDRINUSE'
  return new UserError(`cannot listen on ${host}:${port} (${isInUse ? 'in use' : code})`, {
    hint: isInUse
      ? `another gateway may be running there; choose another port with ${flag}, or 0 for a free one`
      : `choose another address or port, e.g. with ${flag}`,
  })
}
