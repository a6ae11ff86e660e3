import {
  BrokerError,
  type ByteSink,
  type CloseReason,
  createLimits,
  type EngineContext,
  Metrics,
  type Protocol,
} from '@causeway/core';
import { describe, expect, it } from 'vitest';
import type { Channel, ChannelOwner } from './channel.js';
import { Connection } from './connection.js';
import { OverloadGate } from './overload-gate.js';
import type { Peer } from './peer.js';
import type { TickLoop } from './tick-loop.js';

class FakeChannel implements Channel {
  readonly webSocketProtocol = null;
  owner!: ChannelOwner;
  /** Whether the kernel takes what is written. */
  takes = true;
  pendingBytes = 0;
  writes: string[] = [];
  calls: string[] = [];

  attach(owner: ChannelOwner): void {
    this.owner = owner;
  }
  write(chunks: readonly Buffer[]): void {
    this.writes.push(Buffer.concat(chunks).toString());
    if (!this.takes) this.pendingBytes += Buffer.concat(chunks).length;
  }
  /** The kernel has taken everything. */
  drain(failed = false): void {
    this.pendingBytes = 0;
    this.owner.written(failed);
  }
  pause(): void {
    this.calls.push('pause');
  }
  resume(): void {
    this.calls.push('resume');
  }
  authenticated(): void {
    this.calls.push('authenticated');
  }
  sweep(): void {}
  end(): void {
    this.calls.push('end');
  }
  destroy(): void {
    this.calls.push('destroy');
  }
}

/** A loop that runs when the test says so. */
class ManualLoop {
  dirty: { flushNow(): void }[] = [];
  requested = 0;

  request(): void {
    this.requested++;
  }
  add(flushable: { flushNow(): void }): void {
    this.dirty.push(flushable);
  }
  turn(): void {
    const { dirty } = this;
    this.dirty = [];
    for (const flushable of dirty) flushable.flushNow();
  }
}

function connect(options: { onReceive?: (chunk: string, sink: ByteSink) => void } = {}) {
  const channel = new FakeChannel();
  const loop = new ManualLoop();
  const metrics = new Metrics();
  const state = { overloaded: false, nowMs: 0, refreshed: 0 };
  const events: string[] = [];
  const closed: CloseReason[] = [];
  let sink!: ByteSink;
  const protocol: Protocol = {
    name: 'test',
    webSocketSubprotocols: [],
    sniff: () => 'no',
    open(opened) {
      sink = opened;
      return {
        receive: (chunk) => {
          events.push(`receive ${chunk}`);
          options.onReceive?.(chunk.toString(), sink);
        },
        writable: () => events.push('writable'),
        tick: (nowMs) => events.push(`tick ${nowMs}`),
        closed: (reason) => closed.push(reason),
        closeWith: (error) => {
          events.push(`closeWith ${error.code}`);
          sink.end();
        },
      };
    },
  };
  const overload = new OverloadGate<Connection>(() =>
    state.overloaded
      ? {
          get over() {
            return !state.overloaded;
          },
        }
      : null,
  );
  const services = {
    loop: loop as unknown as TickLoop,
    clock: {
      refresh: () => state.refreshed++,
      monotonicMs: () => state.nowMs,
      wallMs: () => 0,
    },
    limits: createLimits({ outputBytesMax: 1000, closeTimeoutMs: 5000 }),
    metrics,
    overload,
    context: {} as EngineContext,
  };
  const peer = { deadlineMs: 10_000, heard: false } as Peer;
  const connection = new Connection(services, peer, channel, protocol);
  const send = (text: string) => {
    sink.out.text(text);
    sink.flush();
  };
  return { channel, closed, connection, events, loop, metrics, overload, peer, send, sink, state };
}

describe('Connection: output', () => {
  it('writes once a turn, whatever was sent in it', () => {
    const { channel, loop, metrics, send } = connect();
    send('one ');
    send('two ');
    send('three');
    expect(channel.writes).toEqual([]);
    loop.turn();
    expect(channel.writes).toEqual(['one two three']);
    expect(metrics.bytesSent).toBe(13);
  });

  it('has one write in progress at most and keeps the rest together', () => {
    const { channel, loop, send } = connect();
    channel.takes = false;
    send('one ');
    loop.turn();
    send('two ');
    loop.turn();
    send('three');
    loop.turn();
    expect(channel.writes).toEqual(['one ']);
    channel.drain();
    loop.turn();
    expect(channel.writes).toEqual(['one ', 'two three']);
  });

  it('is congested by what waits, and tells the engine once when it is no longer', () => {
    const { channel, events, loop, send, sink } = connect();
    channel.takes = false;
    send('x'.repeat(900));
    expect(sink.congested).toBe(false);
    loop.turn();
    send('x'.repeat(101));
    expect(sink.congested).toBe(true);
    loop.turn();
    expect(channel.calls).toEqual(['pause']);

    channel.drain();
    loop.turn();
    expect(sink.congested).toBe(false);
    expect(events).toEqual(['writable']);
    expect(channel.calls).toEqual(['pause', 'resume']);
    channel.drain();
    loop.turn();
    expect(events).toEqual(['writable']);
  });

  it('tells the engine at once when a congested turn leaves in one write', () => {
    const { channel, events, loop, send, sink } = connect();
    send('x'.repeat(2000));
    expect(sink.congested).toBe(true);
    loop.turn();
    expect(sink.congested).toBe(false);
    expect(events).toEqual(['writable']);
    expect(channel.calls).toEqual([]);
    expect(loop.requested).toBeGreaterThan(0);
  });
});

describe('Connection: input', () => {
  it('refreshes the clock, passes the chunk on and asks for a turn', () => {
    const { connection, events, loop, metrics, peer, state } = connect();
    connection.received(Buffer.from('hello'));
    expect(events).toEqual(['receive hello']);
    expect([state.refreshed, loop.requested, metrics.bytesReceived]).toEqual([1, 1, 5]);
    expect(peer.heard).toBe(true);
  });

  it('nests the reasons not to read', () => {
    const { channel, sink } = connect();
    sink.pauseReading();
    sink.pauseReading();
    sink.resumeReading();
    expect(channel.calls).toEqual(['pause']);
    sink.resumeReading();
    expect(channel.calls).toEqual(['pause', 'resume']);
  });

  it('stops reading after a chunk while the broker is overloaded', () => {
    const { channel, connection, overload, state } = connect();
    state.overloaded = true;
    connection.received(Buffer.from('a'));
    expect(channel.calls).toEqual(['pause']);
    overload.release();
    expect(channel.calls).toEqual(['pause']);
    state.overloaded = false;
    overload.release();
    expect(channel.calls).toEqual(['pause', 'resume']);
  });

  it('closes in the words of the protocol when an operating error escapes the engine', () => {
    const { channel, connection, events, loop } = connect({
      onReceive: () => {
        throw new BrokerError('malformed', 'no');
      },
    });
    connection.received(Buffer.from('a'));
    loop.turn();
    expect(events).toEqual(['receive a', 'closeWith malformed']);
    expect(channel.calls).toEqual(['end']);
  });
});

describe('Connection: end', () => {
  it('sends what was written, ends, and drops what still arrives', () => {
    const { channel, closed, connection, events, loop, send, sink } = connect();
    send('bye');
    sink.end();
    expect(closed).toEqual([]);
    loop.turn();
    expect(channel.writes).toEqual(['bye']);
    expect(closed).toEqual(['local']);
    expect(channel.calls).toEqual([]);
    channel.drain();
    loop.turn();
    expect(channel.calls).toEqual(['end']);
    connection.received(Buffer.from('late'));
    connection.sweep(1);
    expect(events).toEqual([]);
    channel.owner.gone('reset');
    expect(closed).toEqual(['local']);
  });

  it('reads on while it ends, so that the end of the peer is seen', () => {
    const { channel, sink } = connect();
    sink.pauseReading();
    sink.end();
    sink.resumeReading();
    sink.pauseReading();
    expect(channel.calls).toEqual(['pause', 'resume']);
  });

  it('cuts off a peer that does not close in time', () => {
    const { channel, connection, loop, send, sink, state } = connect();
    channel.takes = false;
    state.nowMs = 100;
    send('bye');
    sink.end();
    loop.turn();
    connection.sweep(5099);
    expect(channel.calls).toEqual([]);
    connection.sweep(5100);
    expect(channel.calls).toEqual(['destroy']);
  });

  it('answers a peer that has sent its last byte before it ends', () => {
    const { channel, closed, connection, loop } = connect({
      onReceive: (chunk, sink) => {
        sink.out.text(`echo ${chunk}`);
        sink.flush();
      },
    });
    connection.received(Buffer.from('a'));
    channel.owner.peerEnded();
    expect(closed).toEqual(['ended']);
    loop.turn();
    channel.drain();
    loop.turn();
    expect(channel.writes).toEqual(['echo a']);
    expect(channel.calls).toEqual(['end']);
    channel.owner.gone('reset');
    expect(closed).toEqual(['ended']);
  });

  it.each([
    ['reset', (owner: ChannelOwner) => owner.gone('reset')],
    ['ended', (owner: ChannelOwner) => owner.gone('ended')],
    ['reset', (owner: ChannelOwner) => owner.failing()],
  ] as const)('tells the engine once that it is over: %s', (reason, happen) => {
    const { channel, closed, connection, loop, send } = connect();
    send('lost');
    happen(channel.owner);
    loop.turn();
    channel.owner.peerEnded();
    channel.owner.gone('reset');
    connection.end();
    connection.closeWith(new BrokerError('shutting-down', 'late'));
    loop.turn();
    expect(closed).toEqual([reason]);
    expect(channel.writes).toEqual([]);
    expect(channel.calls).toEqual([]);
  });

  it('writes nothing after it was destroyed', () => {
    const { channel, closed, loop, send, sink } = connect();
    send('lost');
    sink.destroy();
    loop.turn();
    channel.owner.gone('reset');
    expect(channel.writes).toEqual([]);
    expect(channel.calls).toEqual(['destroy']);
    expect(closed).toEqual(['local']);
  });

  it('does not use memory again that a failed write may still hold', () => {
    const { channel, loop, send, sink } = connect();
    send('one');
    const block = sink.out.buffer.buffer;
    loop.turn();
    channel.drain(true);
    for (let turn = 0; turn < 3; turn++) {
      send('next');
      expect(sink.out.buffer.buffer).not.toBe(block);
      loop.turn();
    }
  });
});

describe('Connection: login', () => {
  it('is in its handshake until the engine says otherwise', () => {
    const { channel, connection, sink } = connect();
    expect(connection.inHandshake).toBe(true);
    sink.authenticated();
    sink.authenticated();
    expect(connection.inHandshake).toBe(false);
    expect(channel.calls).toEqual(['authenticated']);
  });

  it('ticks the engine', () => {
    const { connection, events } = connect();
    connection.sweep(1234);
    expect(events).toEqual(['tick 1234']);
  });
});
