/**
 * Ends the decision of a case half way: the cap leaves no room for the next call, or the run was stopped. What was
 * asked until then is stored, so that nothing is lost. It never leaves this folder.
 */
export class NotAsked extends Error {}
