import type { Protocol } from '@causeway/core';
import { expect } from 'vitest';
import { AMQP } from '../../support/raw-amqp.js';
import { amqp, header } from '../../support/raw-amqp-frames.js';
import { text as amqpText } from '../../support/raw-amqp-message.js';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import type { TestBroker } from '../../support/test-broker.js';
import { HostileConnection } from './hostile-connection.js';

interface Song {
  readonly open: readonly Buffer[];
  /** @param count how many there were before */
  readonly publish: (text: string, count: number) => Buffer;
}

const SONGS: Record<'mqtt' | 'stomp' | 'amqp', Song> = {
  mqtt: {
    open: [mqtt5.connect({ clientId: 'canary-0c5ad1' }), mqtt5.subscribe(1, [['canary/mqtt', 0]])],
    publish: (text) => mqtt5.publish({ topic: 'canary/mqtt', payload: text, qos: 1, id: 9 }),
  },
  stomp: {
    open: [
      Buffer.from('CONNECT\naccept-version:1.2\nhost:h\n\n\0'),
      Buffer.from('SUBSCRIBE\nid:1\ndestination:/topic/canary.stomp\n\n\0'),
    ],
    publish: (text) => Buffer.from(`SEND\ndestination:/topic/canary.stomp\nreceipt:r\n\n${text}\0`),
  },
  amqp: {
    open: [
      header(AMQP),
      amqp.open({ containerId: 'canary' }),
      amqp.begin({ incomingWindow: 0xffff_ffff }),
      amqp.attach({
        name: 'out',
        role: false,
        target: { address: 'topic://canary.amqp' },
        initialDeliveryCount: 0,
      }),
      amqp.attach({
        name: 'in',
        handle: 1,
        role: true,
        sndSettleMode: 1,
        source: { address: 'topic://canary.amqp' },
      }),
      amqp.flow({ handle: 1, linkCredit: 10_000, incomingWindow: 0x7fff_ffff }),
    ],
    publish: (text, count) =>
      amqp.transfer({ deliveryId: count, deliveryTag: String(count) }, amqpText(text)),
  },
};

/** A well-behaved client: as long as it hears what it sings, others are not harmed. */
export class Canary {
  readonly #turns: TestBroker;
  readonly #song: Song;
  readonly #connection: HostileConnection;
  #songs = 0;
  #heard = 0;

  constructor(turns: TestBroker, name: keyof typeof SONGS, protocol: Protocol) {
    this.#turns = turns;
    this.#song = SONGS[name];
    this.#connection = new HostileConnection(turns.broker, protocol);
    for (const message of this.#song.open) this.#connection.send(message);
    turns.run();
  }

  /** Publishes, and hears it. */
  sing(): void {
    const text = `song ${++this.#songs} of this canary`;
    this.#connection.send(this.#song.publish(text, this.#songs - 1));
    this.#turns.run();
    const { output } = this.#connection;
    expect(this.#connection.sink.ended, 'another client was thrown out').toBe(false);
    expect(output.includes(text, this.#heard), 'another client hears its message').toBe(true);
    this.#heard = output.length;
  }

  leave(): void {
    this.#connection.close('ended');
  }
}
