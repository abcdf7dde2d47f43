import { describeConformance } from '../support/conformance/describe-conformance.ts'
import { direct } from '../support/gateways/direct.ts'

describeConformance('the mock itself', direct)
