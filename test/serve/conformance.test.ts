import { describeConformance } from '../support/conformance/describe-conformance.ts'
import { direct } from '../support/gateways/direct.ts'
import { inProcess } from '../support/gateways/in-process.ts'

describeConformance('the mock itself', direct)
describeConformance('the gateway', inProcess)
