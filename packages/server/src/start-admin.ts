import { readFileSync } from 'node:fs';
import { type AdminServer, type BrokerView, type NodeView, startAdmin } from '@causeway/admin';
import { type Broker, BrokerError } from '@causeway/core';
import type { BrokerLog } from './broker-log.js';
import type { Config } from './config/options.js';
import { VERSION } from './version.js';

/**
 * Starts the admin server over a broker.
 * @throws BrokerError `config-invalid` when it cannot be started
 */
export async function startBrokerAdmin(
  config: Config,
  broker: () => Broker,
  log: BrokerLog,
  node: () => NodeView | null = () => null,
): Promise<AdminServer> {
  const { host, port, tls } = config.admin;
  try {
    return await startAdmin({
      host,
      port,
      tls: tls === undefined ? null : { cert: readFileSync(tls.cert), key: readFileSync(tls.key) },
      name: config.node.name,
      version: VERSION,
      metricsQueuesMax: config.limits.metricsQueuesMax,
      view: createView(broker, node),
      log,
    });
  } catch (error) {
    const reason = (error as Error).message;
    throw new BrokerError('config-invalid', `the admin server cannot start: ${reason}`, error);
  }
}

/**
 * Before a broker has read its store, it has nothing to count. On a node, the broker is another one
 * with each leadership.
 */
function createView(broker: () => Broker, node: () => NodeView | null): BrokerView {
  const recovered = () => broker().role === 'active' || broker().role === 'stopping';
  return {
    get role() {
      return broker().role;
    },
    get node() {
      return node();
    },
    get metrics() {
      return broker().metrics;
    },
    get overloaded() {
      return broker().overloaded;
    },
    get sessionCount() {
      return recovered() ? broker().sessionCount : 0;
    },
    get retainedCount() {
      return recovered() ? broker().retainedCount : 0;
    },
    get delayedCount() {
      return recovered() ? broker().delayedCount : 0;
    },
    queues: () => (recovered() ? broker().queues.values() : []),
  };
}
