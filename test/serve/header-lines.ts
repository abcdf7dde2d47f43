/** "Name: value" as lines of names and values. */
export const lines = (...headers: readonly string[]) =>
  headers.flatMap((header) => {
    const colon = header.indexOf(': ')
    return [header.slice(0, colon), header.slice(colon + 2)]
  })
/** The other way round. */
export const shown = (flat: readonly string[]) =>
  flat.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${flat[at + 1]}`] : []))
