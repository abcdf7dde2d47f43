import { runInteractive } from '../../src/report/simulate-interactive.tsx'
import { explorerModel } from './explorer-model.ts'

await runInteractive(explorerModel, process, { color: true, unicode: true })
process.stdout.write('back again\n')
