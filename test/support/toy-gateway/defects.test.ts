import { describe, expect, test } from 'vitest'
import { hear } from '../complaints/complaint.ts'
import { type ComplaintName, complaints } from '../complaints/complaints.ts'
import { type Defect, defects } from './defects.ts'
import { toyGateway } from './toy-gateway.ts'

/** What users of a gateway with this defect would complain of. */
const complaintOf: Readonly<Record<Defect, ComplaintName>> = {
  'caches whatever came': 'errorBodiesCached',
  'caches what broke off': 'truncatedStreamsCached',
  'shares answers between users': 'answersOfOthers',
  'knows a question by its last message': 'lastMessagesCollide',
  'knows a question by its text alone': 'settingsCollide',
  'takes cache marks for content': 'marksFragmentTheCache',
  'adds cached tokens to the input': 'cachedTokensBilledTwice',
  'lets later counts overwrite': 'laterCountsOverwrite',
  'estimates where usage is zero': 'zeroReplacedByEstimate',
  'reads usage out of single chunks': 'splitUsageMissed',
  'takes an unknown price for zero': 'unpricedIsFree',
  'books nothing for who leaves': 'leavingIsFree',
  'lets go of late usage': 'lateUsageIsLost',
  'ends in silence': 'brokenStreamsLookWhole',
  'goes on after an error': 'brokenStreamsLookWhole',
  'begins with the headers': 'headersSentTooEarly',
  'goes on with another model': 'modelSwitchedInTheMiddle',
  'passes other paths by the budgets': 'passedThroughIsFree',
  'spends before it counts': 'budgetsRaced',
  'writes a hundred records at a time': 'recordsDropped',
  'drops its queue at the end': 'recordsLostAtTheEnd',
  'writes bodies anew': 'promptCacheBroken',
  'passes every header on': 'hopHeadersCross',
  'reads HTTP leniently': 'requestsSmuggled',
  'goes where the client says': 'upstreamChosenByClient',
  'waits for any client': 'slowRequestsHoldConnections',
  'takes any body': 'largeRequestsFillMemory',
  'reads ahead without end': 'unreadAnswersFillMemory',
}

/** So long is waited for what the toy is known not to do. */
const patienceMs = 400

describe('each complaint is heard where there is something to complain of', () => {
  test.each(defects)('a gateway that %s', async (defect) => {
    const complaint = complaints[complaintOf[defect]]
    await expect(hear(complaint, toyGateway(defect), patienceMs)).rejects.toThrow()
  })

  test('none is without a gateway that gives cause for it', () => {
    expect(new Set(Object.values(complaintOf))).toEqual(new Set(Object.keys(complaints)))
  })
})
