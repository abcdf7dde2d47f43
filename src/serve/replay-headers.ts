import type { ForwardRequest } from '../providers/forward.ts'

/** What a replayed request says to its mock reaches it on every way, also where the gateway writes all headers itself. */
export function toldToMock(request: ForwardRequest, rawHeaders: readonly string[]): ForwardRequest {
  const isTold = request.headers.some((name, at) => at % 2 === 0 && isForMock(name))
  if (isTold) return request
  const told = rawHeaders.filter((_, at) => isForMock(rawHeaders[at - (at % 2)] as string))
  return { ...request, headers: [...request.headers, ...told] }
}

const isForMock = (name: string): boolean => /^x-mock-/i.test(name)
