import { safeText } from './escape.ts'

/** A path for a POSIX shell; null where it cannot be shown as it is. */
export function shellWord(path: string): string | null {
  if (path === '' || safeText(path) !== path) return null
  const file = path.startsWith('-') && path !== '-' ? `./${path}` : path
  return /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`
}
