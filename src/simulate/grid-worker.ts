import { workerData } from 'node:worker_threads'
import { awaitRead, finishBatch, takeBatch } from './grid-board.ts'
import { findingsIn, openGridPass } from './grid-pass.ts'
import { batchOf, type GridSetup } from './grid-team.ts'

/** A thread that makes one batch of a grid after the other, in as many boxes as it has. */
const setup = workerData as GridSetup
const { inputs, lanes, board, firstBox, boxes } = setup
const pass = openGridPass(inputs, lanes)
const cells = inputs.count * lanes
const places = boxes.map((box) => ({ found: findingsIn(box, cells), holds: -1 }))
for (let turn = 0; ; turn++) {
  const index = turn % places.length
  const place = places[index] as (typeof places)[number]
  const batch = takeBatch(board, awaitRead(board, place.holds), firstBox + index)
  if (batch === -1) break
  pass(batchOf(setup, batch), place.found)
  place.holds = batch
  finishBatch(board, batch, firstBox + index)
}
