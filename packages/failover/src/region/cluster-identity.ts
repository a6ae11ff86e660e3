import { randomUUID } from 'node:crypto';
import { BrokerError } from '@causeway/core';
import { logKey, logKeyRange } from '../log-keys.js';
import type { LogStore } from '../log-store.js';
import { decodeStored, encodeStored } from '../stored-document.js';

const DEFAULT_NAME = 'causeway';

/** Which log a folder holds, for ever. */
export interface ClusterIdentity {
  /** Made at the first start: tells a new folder from the one that nodes know. */
  readonly id: string;
  readonly name: string;
}

/**
 * The identity of the log in a folder, which gets one now if it has none.
 * @param name what it should be called; undefined takes what there is
 * @throws BrokerError `config-invalid` when the folder belongs to another cluster
 */
export async function clusterIdentity(
  store: LogStore,
  name: string | undefined,
): Promise<ClusterIdentity> {
  let found: ClusterIdentity | null = null;
  await store.scan(logKeyRange('cluster'), (key, value) => {
    found = decodeStored<ClusterIdentity>(store.location, key, value);
  });
  if (found === null) return create(store, name ?? DEFAULT_NAME);
  const identity: ClusterIdentity = found;
  if (name === undefined || name === identity.name) return identity;
  throw new BrokerError(
    'config-invalid',
    `the folder ${store.location} belongs to the cluster ${identity.name}, not to ${name}`,
  );
}

async function create(store: LogStore, name: string): Promise<ClusterIdentity> {
  const identity: ClusterIdentity = { id: randomUUID(), name };
  const key = logKey('cluster', 1);
  await store.write((batch) => batch.put(key, encodeStored(key, identity)));
  return identity;
}
