import { formatJudgements, History, judge, readLedger } from '@causeway/drill';
import { endWithVerdict } from './drill-verdict.js';

export interface DrillVerifyOptions {
  readonly json?: boolean;
}

/** `causeway drill verify`: judges a run by its ledger alone. */
export async function runDrillVerify(ledger: string, { json }: DrillVerifyOptions): Promise<void> {
  const judgements = judge(new History(await readLedger(ledger)));
  console.log(json === true ? JSON.stringify(judgements) : formatJudgements(judgements));
  endWithVerdict(judgements.verdict);
}
