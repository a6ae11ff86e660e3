import type { History, MessageHistory } from './history.js';
import { producerOf } from './history.js';
import type { Check, Finding, Invariant } from './invariant.js';
import { hasArrived, undrainedSubscriptions } from './no-loss.js';

interface Transaction {
  readonly name: string;
  readonly messages: MessageHistory[];
  readonly steps: Set<string>;
  readonly lines: number[];
}

/** I7: of a transaction all messages come, or none; all when its commit was confirmed. */
export const TRANSACTIONS_ARE_WHOLE: Invariant = {
  name: 'I7',
  title: 'transactions are done whole, or not at all',
  check(history): Check {
    const undrained = new Set(undrainedSubscriptions(history));
    const findings: Finding[] = [];
    let uncertain = 0;
    const transactions = gather(history);
    for (const transaction of transactions.values()) {
      const [first] = transaction.messages;
      if (first === undefined) continue;
      for (const subscription of history.subscriptionsOf(producerOf(first.id))) {
        const problem = judge(transaction, subscription);
        if (problem === null) continue;
        if (undrained.has(subscription) && !problem.certain) uncertain++;
        else findings.push({ message: problem.message, lines: transaction.lines });
      }
    }
    const unknown = `${uncertain} transactions are not whole, but the drain did not end`;
    return { checked: transactions.size, findings, ...(uncertain === 0 ? {} : { unknown }) };
  },
};

function judge(
  { name, messages, steps }: Transaction,
  subscription: string,
): { readonly message: string; readonly certain: boolean } | null {
  const arrived = messages.filter((message) => hasArrived(message, subscription)).length;
  const of = `${arrived} of its ${messages.length} messages came to ${subscription}`;
  const asked = steps.has('commit');
  if (arrived > 0 && (steps.has('aborted') || !asked)) {
    const why = steps.has('abort') ? 'was aborted' : 'was never committed';
    return { message: `${name} ${why}, and ${of}`, certain: true };
  }
  if (arrived === messages.length) return null;
  if (steps.has('committed'))
    return { message: `${name} was committed, but ${of}`, certain: false };
  if (arrived > 0) return { message: `${name} was done in part: ${of}`, certain: false };
  return null;
}

function gather(history: History): Map<string, Transaction> {
  const transactions = new Map<string, Transaction>();
  const open = (name: string) => {
    let transaction = transactions.get(name);
    if (transaction === undefined) {
      transaction = { name, messages: [], steps: new Set(), lines: [] };
      transactions.set(name, transaction);
    }
    return transaction;
  };
  for (const { transaction, step, line } of history.of('transaction')) {
    const found = open(transaction);
    found.steps.add(step);
    found.lines.push(line);
  }
  for (const message of history.messages.values()) {
    const name = message.sends[0]?.transaction;
    if (name === undefined) continue;
    const found = open(name);
    found.messages.push(message);
    found.lines.push(...message.sends.map(({ line }) => line));
  }
  return transactions;
}
