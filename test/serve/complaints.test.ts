import { describeComplaints } from '../support/complaints/complaints.ts'
import { inProcess } from '../support/gateways/in-process.ts'

describeComplaints('the gateway', inProcess)
