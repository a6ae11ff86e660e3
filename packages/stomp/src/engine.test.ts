import { BrokerError } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { FakeBroker } from './testing/fake-broker.js';
import { PRINCIPAL, StompPeer, storedMessage } from './testing/stomp-peer.js';

describe('DISCONNECT', () => {
  test('answers its receipt, after all before it is durable, then ends', () => {
    const peer = new StompPeer().connect();
    peer.send('SUBSCRIBE\nid:0\ndestination:/queue/a\n\n^');
    peer.broker.durable = false;
    peer.send('SEND\ndestination:/queue/a\nreceipt:1\n\nx^DISCONNECT\nreceipt:bye\n\n^');
    expect(peer.sink.ended).toBe(false);
    expect(peer.broker.closedConsumers).toHaveLength(1);
    peer.send('SEND\ndestination:/queue/a\n\nx^');
    expect(peer.broker.published).toHaveLength(1);
    peer.broker.commit();
    expect(peer.frames().map(({ headers }) => headers['receipt-id'])).toEqual(['1', 'bye']);
    expect(peer.sink.ended).toBe(true);
    peer.engine.closed('local');
    expect(peer.broker.connectionsClosed).toBe(1);
  });

  test('needs no receipt', () => {
    const peer = new StompPeer().connect();
    peer.send('DISCONNECT\n\n^');
    expect(peer.text()).toBe('');
    expect(peer.sink.ended).toBe(true);
  });
});

describe('the receipt of a malformed frame', () => {
  const answer = (line: Buffer) => {
    const peer = new StompPeer().connect();
    const [start, end] = [Buffer.from('SEND\nreceipt:'), Buffer.from('\nbroken\n\n\0')];
    peer.sendBytes(Buffer.concat([start, line, end]));
    return peer.frame();
  };

  test('is named', () => {
    expect(answer(Buffer.from('r\\c1')).headers).toMatchObject({ 'receipt-id': 'r\\c1' });
  });

  test.each([
    ['is not UTF-8', Buffer.of(0x72, 0xff)],
    ['has an escape that does not exist', Buffer.from('r\\t')],
  ])('is not named when it %s', (_, line) => {
    const { command, headers } = answer(line);
    expect(command).toBe('ERROR');
    expect(headers).not.toHaveProperty('receipt-id');
  });
});

describe('heart-beats', () => {
  const beating = (header: string, broker = new FakeBroker()) => {
    const peer = new StompPeer(broker);
    peer.send(`CONNECT\naccept-version:1.2\nhost:a\nheart-beat:${header}\n\n^`);
    peer.frames();
    return peer;
  };
  const second = (peer: StompPeer) => {
    peer.broker.advance(1000);
    peer.engine.tick(peer.broker.nowMs);
  };

  test('are sent while nothing else is', () => {
    const peer = beating('0,10000');
    let beats = '';
    for (let count = 0; count < 30; count++) {
      second(peer);
      beats += peer.text();
    }
    expect(beats).toMatch(/^\n{3,4}$/);
  });

  test('are sent by a timer when the interval is short', () => {
    const peer = beating('0,200', new FakeBroker({ heartBeatMs: 100 }));
    peer.broker.advance(1000);
    expect(peer.text().length).toBeGreaterThanOrEqual(5);
    peer.engine.closed('ended');
    expect(peer.broker.timers).toBe(0);
  });

  test('between frames are taken from the client', () => {
    const peer = beating('10000,0');
    for (let count = 0; count < 60; count++) {
      if (count % 15 === 0) peer.send(count % 2 === 0 ? '\n' : '\r\n');
      second(peer);
    }
    peer.send('\n\nSEND\ndestination:/queue/a\nreceipt:1\n\nx^\n');
    expect(peer.frame().command).toBe('RECEIPT');
  });

  test('that do not come end the connection', () => {
    const peer = beating('10000,0');
    for (let count = 0; count < 23; count++) second(peer);
    expect(peer.frame()).toMatchObject({ command: 'ERROR', headers: { message: 'timed out' } });
    expect(peer.sink.ended).toBe(true);
    second(peer);
    expect(peer.text()).toBe('');
  });

  test('are not missed from a client that offers none', () => {
    const peer = beating('0,0');
    for (let count = 0; count < 100; count++) second(peer);
    expect(peer.text()).toBe('');
    expect(peer.sink.ended).toBe(false);
  });

  test('the agreement is in the log', () => {
    const peer = beating('20000,5000');
    expect(peer.broker.events.find(([, event]) => event === 'stomp-connected')![2]).toMatchObject({
      heartBeatSendMs: 10_000,
      heartBeatExpectMs: 20_000,
    });
  });
});

describe('the end', () => {
  test('is told in an ERROR frame', () => {
    const peer = new StompPeer().connect();
    peer.engine.closeWith(new BrokerError('administrative', 'closed by hand'));
    const error = peer.frame();
    expect(error.headers.message).toBe('closed by an administrator');
    expect(error.body).toContain('closed by hand');
    expect(peer.sink.ended).toBe(true);
    peer.engine.closeWith(new BrokerError('administrative', 'again'));
    expect(peer.text()).toBe('');
  });

  test('before the login as well', () => {
    const peer = new StompPeer();
    peer.engine.closeWith(new BrokerError('shutting-down', 'going down'));
    expect(peer.frame().headers.message).toBe('broker shutting down');
    peer.engine.closed('local');
    expect(peer.broker.connectionsClosed).toBe(0);
  });

  test('gives back what consumers hold', () => {
    const peer = new StompPeer().connect();
    peer.send('SUBSCRIBE\nid:0\ndestination:/queue/a\nack:client\n\n^');
    peer.broker.deliver(storedMessage(peer.broker));
    peer.engine.closed('reset');
    expect(peer.broker.closedConsumers).toHaveLength(1);
    expect(peer.broker.settled).toEqual([]);
    expect(peer.broker.connectionsClosed).toBe(1);
  });
});

describe('input of any kind', () => {
  const VALID = [
    'CONNECT\naccept-version:1.0,1.1,1.2\nhost:a\nheart-beat:100,100\n\n^',
    'CONNECT\naccept-version:1.2\nlogin:shop\npasscode:secret\n\n^',
    'SEND\ndestination:/queue/a\nreceipt:1\ncontent-length:5\n\nhello^',
    'SEND\ndestination:/queue/a,/temp-queue/b\nreply-to:/temp-queue/b\ntransaction:t\n\nhello^',
    'SUBSCRIBE\nid:0\ndestination:/queue/a\nack:client\nprefetch-count:5\n\n^',
    'SUBSCRIBE\nid:1\ndestination:/topic/a.>\nack:client-individual\nreceipt:x\n\n^',
    'ACK\nid:0-1\n\n^',
    'NACK\nid:1-2\ntransaction:t\n\n^',
    'BEGIN\ntransaction:t\n\n^',
    'COMMIT\ntransaction:t\n\n^',
    'ABORT\ntransaction:t\n\n^',
    'UNSUBSCRIBE\nid:1\n\n^',
    '\n\r\n\n',
    'DISCONNECT\nreceipt:77\n\n^',
  ].map((text) => Buffer.from(text.replaceAll('^', '\0')));

  /** A generator that repeats from its seed. */
  function generator(seed: number): (below: number) => number {
    let state = seed >>> 0;
    return (below) => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
    };
  }

  function conversation(random: (below: number) => number): Buffer {
    const frames = [VALID[random(2)]!];
    for (let count = random(8); count >= 0; count--) frames.push(VALID[random(VALID.length)]!);
    const bytes = Buffer.concat(frames);
    for (let count = random(4); count > 0; count--) {
      const at = random(bytes.length);
      if (random(2) === 0) bytes[at] = random(256);
      else bytes.copyWithin(at, random(bytes.length));
    }
    return random(5) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
  }

  test('never throws, answers in frames, and leaves nothing behind', async () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const random = generator(seed);
      const peer = new StompPeer(new FakeBroker({ handshakeBytesMax: 2000 }));
      if (random(3) === 0) peer.sink.certificatePrincipal = PRINCIPAL;
      const bytes = conversation(random);
      for (let at = 0; at < bytes.length; ) {
        const next = Math.min(bytes.length, at + 1 + random(60));
        try {
          peer.sendBytes(bytes.subarray(at, next));
          const [consumer] = peer.broker.consumers;
          if (consumer?.ready) peer.broker.deliver(storedMessage(peer.broker), consumer);
        } catch (error) {
          throw new Error(`seed ${seed} throws`, { cause: error });
        }
        at = next;
        if (random(10) === 0) await Promise.resolve();
      }
      const frames = peer.frames();
      const errors = frames.filter(({ command }) => command === 'ERROR');
      expect(errors.length).toBeLessThanOrEqual(1);
      if (errors.length > 0) expect(frames.at(-1)!.command).toBe('ERROR');
      if (errors.length > 0) expect(peer.sink.ended).toBe(true);
      peer.engine.closed('ended');
      await Promise.resolve();
      const { broker } = peer;
      expect(broker.closedConsumers).toHaveLength(broker.consumers.length);
      expect(broker.connectionsClosed).toBe(broker.connections.length);
      expect(broker.timers).toBe(0);
    }
  });

  test('never throws on noise', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = generator(seed);
      const peer = new StompPeer();
      if (seed % 2 === 0) peer.connect();
      const noise = Buffer.from(Array.from({ length: random(300) }, () => random(256)));
      expect(() => peer.sendBytes(noise)).not.toThrow();
    }
  });
});
