import { mqttProtocol } from '@causeway/mqtt';
import { stompProtocol } from '@causeway/stomp';
import { expect } from 'vitest';
import { mqtt5 } from '../../support/raw-mqtt-builder.js';
import type { TestBroker } from '../../support/test-broker.js';
import { HostileConnection } from './hostile-connection.js';

interface Song {
  readonly open: readonly Buffer[];
  readonly publish: (text: string) => Buffer;
}

const SONGS: Record<'mqtt' | 'stomp', Song> = {
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
};

/** A well-behaved client: as long as it hears what it sings, others are not harmed. */
export class Canary {
  readonly #turns: TestBroker;
  readonly #song: Song;
  readonly #connection: HostileConnection;
  #songs = 0;
  #heard = 0;

  constructor(turns: TestBroker, name: 'mqtt' | 'stomp') {
    this.#turns = turns;
    this.#song = SONGS[name];
    const protocol = name === 'mqtt' ? mqttProtocol : stompProtocol;
    this.#connection = new HostileConnection(turns.broker, protocol);
    for (const message of this.#song.open) this.#connection.send(message);
    turns.run();
  }

  /** Publishes, and hears it. */
  sing(): void {
    const text = `song ${++this.#songs} of this canary`;
    this.#connection.send(this.#song.publish(text));
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
