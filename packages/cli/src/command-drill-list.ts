import { describeFault, stockPlans } from '@causeway/drill';

export interface DrillListOptions {
  readonly json?: boolean;
}

/** `causeway drill list`: the stock plans. */
export function runDrillList({ json }: DrillListOptions): void {
  const plans = stockPlans();
  if (json === true) {
    console.log(JSON.stringify(plans));
    return;
  }
  for (const { name, description, rounds, every, faults } of plans) {
    console.log(`${name}: ${description}`);
    console.log(`  ${rounds} rounds of ${every / 1000} s: ${faults.map(describeFault).join(', ')}`);
  }
}
