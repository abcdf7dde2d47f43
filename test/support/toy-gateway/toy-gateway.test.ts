import { describeComplaints } from '../complaints/complaints.ts'
import { describeConformance } from '../conformance/describe-conformance.ts'
import { toyGateway } from './toy-gateway.ts'

describeConformance('a toy gateway', toyGateway())
describeComplaints('a toy gateway', toyGateway())
