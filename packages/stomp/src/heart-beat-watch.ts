import { BrokerError } from '@causeway/core';
import type { StompClient } from './client.js';
import { LF } from './codec/types.js';
import { HeartBeat, type HeartBeatPlan } from './heart-beat.js';

/** Looks at the time of a connection, at each tick of the engine or more often if need be. */
export class HeartBeatWatch {
  /** Something came since the last look. */
  heard = true;
  readonly #client: StompClient;
  readonly #heartBeat: HeartBeat;
  #cancel: (() => void) | null = null;

  constructor(client: StompClient, plan: HeartBeatPlan) {
    const { limits, clock } = client.broker;
    this.#client = client;
    this.#heartBeat = new HeartBeat(plan, limits, clock.monotonicMs());
    if (this.#heartBeat.needsTimer) this.#schedule();
  }

  tick(): void {
    if (this.#cancel === null) this.#look();
  }

  stop(): void {
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel = this.#client.broker.schedule(this.#heartBeat.checkEveryMs, () => {
      this.#schedule();
      this.#look();
    });
  }

  #look(): void {
    const client = this.#client;
    const { broker, sink } = client;
    if (client.state === 'ended') return;
    const heldUp = sink.held || sink.congested || client.pendingConfirms > 0;
    const nowMs = broker.clock.monotonicMs();
    const advice = this.#heartBeat.check(nowMs, this.heard, client.wrote, heldUp);
    this.heard = false;
    client.wrote = false;
    if (advice === 'nothing') return;
    if (advice === 'beat') {
      sink.out.uint8(LF);
      sink.flush();
    } else {
      client.failNow(new BrokerError('timed-out', 'no heart-beat came in the agreed time'));
    }
    broker.requestTurn();
  }
}
