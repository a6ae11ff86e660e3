import { decodeRecord, hashRecord } from '@causeway/failover';
import { SimulatedLog } from './simulated-log.js';

/** As engines whose records may vanish have to be (L6): it compares what a record follows from. */
export class ChainedLog extends SimulatedLog {
  override append(expectedTail: number, record: Buffer): boolean {
    const last = this.record(expectedTail);
    const follows = last === null || decodeRecord(record).previousHash.equals(hashRecord(last));
    return follows && super.append(expectedTail, record);
  }
}
