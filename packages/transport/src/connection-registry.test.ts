import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { createLimits, type Limits, Metrics, SILENT_LOG } from '@causeway/core';
import { describe, expect, it } from 'vitest';
import { AggregatedLog } from './aggregated-log.js';
import { ConnectionRegistry } from './connection-registry.js';
import type { Peer } from './peer.js';
import { Sweep } from './sweep.js';

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string;
  readonly remotePort = 4000;
  readonly localPort = 1883;
  destroyed = false;

  constructor(address: string) {
    super();
    this.remoteAddress = address;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}

function registryWith(limits: Partial<Record<keyof Limits, number>>) {
  const clock = { nowMs: 0, refresh() {}, monotonicMs: () => clock.nowMs, wallMs: () => 0 };
  const sweep = new Sweep<Peer>(clock);
  const metrics = new Metrics();
  const registry = new ConnectionRegistry({
    limits: createLimits(limits),
    metrics,
    clock,
    sweep,
    notices: new AggregatedLog(SILENT_LOG, clock),
  });
  const connect = (address: string, proxied = false) => {
    const socket = new FakeSocket(address);
    const peer = registry.accept(socket as unknown as Socket, proxied);
    return { peer, socket };
  };
  return { clock, connect, metrics, registry, sweep };
}

describe('ConnectionRegistry', () => {
  it('refuses who is too many from one address, and takes in the next when one leaves', () => {
    const { connect, metrics } = registryWith({ connectionsPerAddressMax: 2 });
    const first = connect('192.0.2.1');
    connect('::ffff:192.0.2.1');
    const third = connect('192.0.2.1');
    expect([third.peer, third.socket.destroyed]).toEqual([null, true]);
    expect(connect('192.0.2.2').peer).not.toBeNull();
    expect(metrics.connectionsRefused).toBe(1);

    first.socket.destroy();
    expect(connect('192.0.2.1').peer).not.toBeNull();
    expect(metrics.connectionsOpen).toBe(3);
  });

  it('refuses who is too many in all', () => {
    const { connect, registry } = registryWith({ connectionsMax: 2 });
    connect('192.0.2.1');
    connect('192.0.2.2');
    expect(connect('192.0.2.3').peer).toBeNull();
    expect(registry.size).toBe(2);
  });

  it('counts the client behind a proxy, not the proxy', () => {
    const { connect, registry } = registryWith({ connectionsPerAddressMax: 1 });
    const peers = ['203.0.113.1', '203.0.113.2', '203.0.113.1'].map((client) => {
      const { peer, socket } = connect('192.0.2.1', true);
      return { taken: registry.claim(peer!, client, 99), socket };
    });
    expect(peers.map(({ taken }) => taken)).toEqual([true, true, false]);
    expect(peers[2]!.socket.destroyed).toBe(true);
    peers[0]!.socket.destroy();
    const { peer } = connect('192.0.2.1', true);
    expect(registry.claim(peer!, '203.0.113.1', 99)).toBe(true);
    expect(peer!.remote).toBe('203.0.113.1:99');
  });

  it('closes who is silent past the handshake deadline', () => {
    const { clock, connect, registry, sweep } = registryWith({ handshakeTimeoutMs: 5000 });
    const sockets = Array.from({ length: 1000 }, () => connect('192.0.2.1').socket);
    clock.nowMs = 4999;
    sweep.visitAll();
    expect(registry.size).toBe(1000);
    clock.nowMs = 5000;
    sweep.visitAll();
    expect(registry.size).toBe(0);
    expect(sockets.every((socket) => socket.destroyed)).toBe(true);
  });

  it('tells when nobody is left', () => {
    const { connect, registry } = registryWith({});
    const { socket } = connect('192.0.2.1');
    let empty = false;
    registry.onEmpty(() => {
      empty = true;
    });
    expect(empty).toBe(false);
    socket.destroy();
    expect(empty).toBe(true);
  });
});
