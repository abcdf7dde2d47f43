import { describeConformance } from '../support/conformance/describe-conformance.ts'
import { direct } from '../support/gateways/direct.ts'
import { toyGateway } from '../support/toy-gateway/toy-gateway.ts'

describeConformance('the mock itself', direct)
describeConformance('a toy gateway', toyGateway())
