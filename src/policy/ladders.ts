import type { Ladder, Route, RouteChoice } from './routing.ts'

/** The targets of each ladder that a request may take on these routes, from the first rung up. */
export const ladderTargets = (
  routes: readonly Pick<Route, 'to'>[],
): readonly (readonly string[])[] =>
  routes.flatMap(({ to }) => laddersIn(to)).map((ladder) => ladder.map(({ target }) => target))

function laddersIn(to: RouteChoice): readonly Ladder[] {
  switch (to.kind) {
    case 'default':
      return []
    case 'ladder':
      return [to.ladder]
    case 'classifier':
      return Object.values(to.ladders)
  }
}
