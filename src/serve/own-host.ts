import { isIP } from 'node:net'

/** What containers call the machine that they run on: names that no page can have of its own. */
const machineNames: ReadonlySet<string> = new Set([
  'localhost',
  'host.docker.internal',
  'host.containers.internal',
])

/**
 * Whether a Host header names this machine: a numeric address, its own name, or the name that the port is bound to. A
 * page may lead any other name, its own, to this address (DNS rebinding), and is then of the same origin.
 */
export function isOwnHost(header: string | undefined, boundTo: string): boolean {
  // What clients of this machine send, nearly always, without taking it apart.
  if (header !== undefined && /^(?:127\.0\.0\.1|localhost)(?::\d{1,5})?$/.test(header)) return true
  const name = hostNameIn(header)
  if (name === null) return false
  const isNumeric = isIP(name.replace(/^\[|\]$/g, '')) > 0
  return (
    isNumeric ||
    machineNames.has(name) ||
    name.endsWith('.localhost') ||
    name === boundTo.toLowerCase()
  )
}

function hostNameIn(header: string | undefined): string | null {
  const url = `http://${header}`
  if (header === undefined || !/^[\w.:[\]-]+$/.test(header) || !URL.canParse(url)) return null
  return new URL(url).hostname
}
