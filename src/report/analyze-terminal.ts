import type { AnalyzeResult } from '../analyze/result.ts'
import { joinBlocks, screenOf, type View } from './screen.ts'
import { alertsBlock, analyzeNotes, furtherBlock, verdictBlock } from './terminal-closing.ts'
import {
  consoleBlock,
  difficultyBlock,
  modelsBlock,
  repeatedBlock,
  tracesBlock,
  unitEconomicsBlock,
} from './terminal-details.ts'
import { factsBlock, opportunitiesBlock } from './terminal-facts.ts'
import { groupsBlock } from './terminal-groups.ts'
import { figuresBlock, headerBlock, spendBlock } from './terminal-headline.ts'
import { clustersBlock, profileBlock } from './terminal-profile.ts'

/** The result for a person at a terminal: what it costs, what to do, then where it goes. */
export function analyzeTerminal(result: AnalyzeResult, view: View): string {
  const screen = screenOf(view)
  const blocks = [
    headerBlock(result, screen),
    spendBlock(result, screen),
    figuresBlock(result, screen),
    factsBlock(result, screen),
    groupsBlock(result, screen),
    opportunitiesBlock(result, screen),
    alertsBlock(result, screen),
    modelsBlock(result, screen),
    tracesBlock(result, screen),
    profileBlock(result, screen),
    repeatedBlock(result, screen),
    clustersBlock(result, screen),
    difficultyBlock(result, screen),
    unitEconomicsBlock(result, screen),
    consoleBlock(result, screen),
    verdictBlock(result, screen),
    analyzeNotes(result, screen),
    furtherBlock(result, screen),
  ]
  return joinBlocks(blocks, screen)
}
