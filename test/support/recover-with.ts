import type { Broker } from '@causeway/core';

/** Has a broker recover while the test runs what its store puts off. */
export async function recoverWith(broker: Broker, runDeferred: () => void): Promise<void> {
  let over = false;
  const recovery = broker.recover().finally(() => {
    over = true;
  });
  while (!over) {
    runDeferred();
    await null;
  }
  await recovery;
}
