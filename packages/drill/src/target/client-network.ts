import type { Fault } from '../plan/fault.js';
import type { Address } from '../workload/client-settings.js';
import { FaultProxy } from './fault-proxy.js';
import type { Injection, NotApplicable, ProtocolName } from './target.js';

/** The network between the clients and one broker: a proxy for each protocol. */
export class ClientNetwork {
  readonly #proxies = new Map<ProtocolName, FaultProxy>();

  /** @param random numbers from 0 up to 1, for jitter */
  async open(brokers: ReadonlyMap<ProtocolName, Address>, random: () => number): Promise<void> {
    for (const [protocol, address] of brokers) {
      const proxy = new FaultProxy(address, random);
      await proxy.open();
      this.#proxies.set(protocol, proxy);
    }
  }

  address(protocol: ProtocolName): Address {
    return this.#proxies.get(protocol)!.address;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
  }

  /** @returns undefined when it is no fault of a network */
  prepare(fault: Fault): Injection | NotApplicable | undefined {
    if (!('edge' in fault)) return undefined;
    if (!/^(clients~(active|front)|front~active)$/.test(fault.edge)) {
      return { reason: `there is no edge ${fault.edge}: clients talk to one broker` };
    }
    const detail = 'clients~broker';
    const all = (act: (proxy: FaultProxy) => void | Promise<void>) => async () => {
      await Promise.all([...this.#proxies.values()].map(act));
    };
    const heal = all((proxy) => proxy.heal());
    switch (fault.fault) {
      case 'cut':
      case 'partition':
        return {
          detail,
          begin: all((proxy) => proxy.close()),
          end: all((proxy) => proxy.open()),
        };
      case 'reset':
        return {
          detail,
          begin: all((proxy) => proxy.reset(true)),
          end: all((proxy) => proxy.reset(false)),
        };
      case 'half-open':
        return {
          detail,
          begin: all((proxy) => proxy.impair(fault.direction, { dropped: true })),
          end: heal,
        };
      case 'latency': {
        const { direction, latency, jitter } = fault;
        const begin = all((proxy) => proxy.impair(direction, { latency, jitter }));
        return { detail, begin, end: heal };
      }
      case 'bandwidth': {
        const { direction, rate } = fault;
        return { detail, begin: all((proxy) => proxy.impair(direction, { rate })), end: heal };
      }
      case 'flapping':
        return flapping(fault.period, detail, all);
    }
  }
}

function flapping(
  period: number,
  detail: string,
  all: (act: (proxy: FaultProxy) => void | Promise<void>) => () => Promise<void>,
): Injection {
  const [up, down] = [all((proxy) => proxy.open()), all((proxy) => proxy.close())];
  let isUp = true;
  // One turn after the other: a port is bound again only when it is free.
  let turn: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const flip = () => {
    isUp = !isUp;
    const next = isUp ? up : down;
    turn = turn.then(next);
  };
  return {
    detail,
    async begin() {
      flip();
      timer = setInterval(flip, period);
    },
    async end() {
      clearInterval(timer);
      await turn;
      await up();
    },
  };
}
