import type { Socket } from 'node:net';
import { BrokerError, type Log } from '@causeway/core';
import { type LogStore, RECORD_BYTES_MAX } from '../log-store.js';
import type { AppendResult } from '../shard-log.js';
import type { ClusterIdentity } from './cluster-identity.js';
import { encodeDocument, encodeFrame, HELLO_BYTES_MAX, NUMBER_BYTES, PING } from './frame.js';
import { FrameDecoder } from './frame-decoder.js';
import { FrameOutput } from './frame-output.js';
import { FRAME } from './frame-type.js';
import { type Hello, type NodeIdentity, readHello } from './hello.js';
import type { Member, MemberTable } from './member-table.js';
import type { NodeConnection, NodeRegistry } from './node-registry.js';
import { readNumbers } from './payload.js';
import type { RegionLimits } from './region-options.js';
import { RegionReading } from './region-reading.js';
import { SnapshotRequests } from './snapshot-requests.js';
import type { SnapshotStore } from './snapshot-store.js';
import type { Trimmer } from './trimmer.js';
import { errorDocument } from './wire-error.js';

/** The room that a value needs before the record is taken from what is before it in the frame. */
const VALUE_AT = NUMBER_BYTES - 4;
const FRAME_BYTES_MAX = RECORD_BYTES_MAX + 64;
const READINGS_MAX = 16;

/** What all connections of a region share. */
export interface RegionServices {
  readonly store: LogStore;
  readonly identity: ClusterIdentity;
  readonly members: MemberTable;
  readonly registry: NodeRegistry;
  readonly trimmer: Trimmer;
  readonly snapshots: SnapshotStore;
  readonly limits: RegionLimits;
  readonly log: Log;
  /** The connection is gone. */
  closed(connection: RegionConnection): void;
}

/** The region's side of one connection. */
export class RegionConnection implements NodeConnection {
  readonly #services: RegionServices;
  readonly #socket: Socket;
  readonly #decoder: FrameDecoder;
  readonly #output: FrameOutput;
  readonly #readings = new Map<number, RegionReading>();
  readonly #openedMs = performance.now();
  readonly #remote: string;
  #hello: Hello | null = null;
  #member: Member | null = null;
  #snapshots: SnapshotRequests | null = null;
  #heardMs = performance.now();
  #spokeMs = performance.now();
  /** Bytes of appends that wait for the disk. */
  #pendingBytes = 0;
  #paused = false;
  #over = false;

  constructor(socket: Socket, services: RegionServices) {
    this.#services = services;
    this.#socket = socket;
    this.#remote = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#output = new FrameOutput(socket);
    this.#decoder = new FrameDecoder(HELLO_BYTES_MAX, (type, request, payload) =>
      this.#handle(type, request, payload),
    );
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('drain', () => this.#resumeReadings());
    socket.on('error', () => {});
    socket.on('close', () => this.#gone());
    socket.on('end', () => socket.destroy());
  }

  get node(): NodeIdentity {
    return this.#hello!.node;
  }

  /** Whether it stands for a node. */
  get isAdmitted(): boolean {
    return this.#member !== null;
  }

  admitted(): void {
    const { store, identity, members, log } = this.#services;
    const { name, instance } = this.node;
    const member = members.known(name);
    if (member === null) {
      this.refuse(new BrokerError('quota-exceeded', 'the region knows too many nodes'));
      return;
    }
    this.#member = member;
    const { snapshots, registry } = this.#services;
    this.#snapshots = new SnapshotRequests(snapshots, registry, this);
    this.#decoder.bytesMax = FRAME_BYTES_MAX;
    log.info('node connected', { node: name, instance, remote: this.#remote });
    this.#send(
      encodeDocument(FRAME.welcome, 0, {
        cluster: identity.name,
        clusterId: identity.id,
        first: store.first,
        tail: store.tail,
      }),
    );
  }

  refuse(error: BrokerError): void {
    const { log } = this.#services;
    log.warn('node refused', { remote: this.#remote, reason: error.message });
    this.#send(encodeDocument(FRAME.refused, 0, errorDocument(error)));
    this.#output.flush();
    this.#over = true;
    this.#decoder.stop();
    this.#socket.end();
  }

  replaced(reason: string): void {
    this.close(reason);
  }

  /** Closes it at once; what was accepted is appended all the same. */
  close(reason: string): void {
    if (this.#socket.destroyed) return;
    const { log } = this.#services;
    const node = this.#hello?.node.name;
    log.info('connection closed', { node, remote: this.#remote, reason });
    this.#output.flush();
    this.#socket.destroy();
  }

  /** Sends a frame at the end of the turn. */
  tell(frame: Buffer, body: Buffer | null = null): void {
    this.#send(frame);
    if (body !== null) this.#output.write(body);
  }

  /** Called a few times a second. */
  sweep(nowMs: number): void {
    const { helloTimeoutMs, heartbeatMs, silenceMs, outputBytesMax } = this.#services.limits;
    if (this.#member === null) {
      const waitsForRival = this.#hello !== null && !this.#over;
      if (nowMs - this.#openedMs > helloTimeoutMs && !waitsForRival) this.close('no hello in time');
    } else if (nowMs - this.#heardMs > silenceMs && !this.#paused) {
      this.close('the node is silent');
    } else if (this.#output.pendingBytes > 4 * outputBytesMax) {
      this.close('the node does not read');
    } else if (nowMs - this.#spokeMs >= heartbeatMs) {
      this.#send(PING);
    }
  }

  #received(chunk: Buffer): void {
    this.#heardMs = performance.now();
    if (this.#member !== null) this.#services.registry.heard(this);
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#decoder.stop();
      if (this.#hello === null) this.refuse(error);
      else this.close(error.message);
    }
  }

  #handle(type: number, request: number, payload: Buffer): void {
    if (this.#over) return;
    if (this.#member === null) this.#greet(type, payload);
    else this.#handleRequest(type, request, payload);
  }

  #greet(type: number, payload: Buffer): void {
    if (type === FRAME.ping && this.#hello !== null) return;
    if (type !== FRAME.hello || this.#hello !== null) {
      throw new BrokerError('protocol-violation', 'a hello was expected');
    }
    const hello = readHello(payload);
    const { identity, registry } = this.#services;
    if (hello.cluster !== identity.name || (hello.clusterId ?? identity.id) !== identity.id) {
      throw new BrokerError('config-invalid', strangeCluster(hello, identity));
    }
    this.#hello = hello;
    registry.enter(this);
  }

  #handleRequest(type: number, request: number, payload: Buffer): void {
    switch (type) {
      case FRAME.ping:
        return;
      case FRAME.append:
        this.#append(request, payload);
        return;
      case FRAME.ends: {
        const { first, tail } = this.#services.store;
        this.#send(encodeFrame(FRAME.numbers, request, [first, tail]));
        return;
      }
      case FRAME.durable:
      case FRAME.trim:
        this.#report(type, request, readNumbers(payload, 1)[0]!);
        return;
      case FRAME.read:
        this.#read(request, payload);
        return;
      case FRAME.credit:
        this.#readings.get(request)?.addCredit(readNumbers(payload, 1)[0]!);
        return;
      case FRAME.stop:
        this.#readings.get(request)?.stop();
        this.#readings.delete(request);
        return;
      default:
        this.#snapshots!.handle(type, request, payload);
    }
  }

  #append(request: number, payload: Buffer): void {
    if (payload.length <= NUMBER_BYTES || payload.length > RECORD_BYTES_MAX + NUMBER_BYTES) {
      throw new BrokerError('malformed', `an append has ${payload.length} bytes`);
    }
    const expectedTail = payload.readUIntBE(0, NUMBER_BYTES);
    const value = payload.subarray(VALUE_AT);
    const { length } = value;
    this.#pendingBytes += length;
    this.#services.store.append(expectedTail, value, (result) => {
      this.#pendingBytes -= length;
      this.#answerAppend(request, result);
    });
    if (this.#pendingBytes > this.#services.limits.pendingBytesMax && !this.#paused) {
      this.#paused = true;
      this.#socket.pause();
    }
  }

  #answerAppend(request: number, result: AppendResult): void {
    if (result.outcome === 'ok') this.#send(encodeFrame(FRAME.appended, request));
    else if (result.outcome === 'fenced') {
      this.#send(encodeFrame(FRAME.fenced, request, [result.tail]));
    } else this.#fail(request, result.cause);
    if (this.#paused && this.#pendingBytes <= this.#services.limits.pendingBytesMax / 2) {
      this.#paused = false;
      this.#heardMs = performance.now();
      this.#socket.resume();
    }
  }

  /** Trimming is no more than a wish: the log forgets what enough members have. */
  #report(type: number, request: number, sequence: number): void {
    const { members, trimmer } = this.#services;
    const member = this.#member!;
    const durable = type === FRAME.trim ? Math.max(sequence, member.durable) : sequence;
    members
      .report(member, durable)
      .then(() => trimmer.trim())
      .then(
        () => this.#send(encodeFrame(FRAME.numbers, request, [this.#services.store.first])),
        (error: unknown) => this.#fail(request, error),
      );
  }

  #read(request: number, payload: Buffer): void {
    const [from, credit] = readNumbers(payload, 2);
    if (this.#readings.size >= READINGS_MAX || this.#readings.has(request)) {
      throw new BrokerError('protocol-violation', 'too many readings, or one of the same number');
    }
    const { store, limits } = this.#services;
    const reading = new RegionReading(
      store,
      this.#output,
      request,
      from!,
      credit!,
      limits.outputBytesMax,
    );
    this.#readings.set(request, reading);
    reading.start();
  }

  #resumeReadings(): void {
    for (const reading of this.#readings.values()) reading.send();
  }

  #fail(request: number, error: unknown): void {
    if (!(error instanceof BrokerError)) throw error;
    this.#send(encodeDocument(FRAME.failed, request, errorDocument(error)));
  }

  #send(frame: Buffer): void {
    this.#spokeMs = performance.now();
    this.#output.write(frame);
  }

  #gone(): void {
    this.#over = true;
    this.#decoder.stop();
    for (const reading of this.#readings.values()) reading.stop();
    this.#readings.clear();
    const { registry, members, closed } = this.#services;
    if (this.#hello !== null) registry.leave(this);
    if (this.#member !== null) members.left(this.#member);
    this.#snapshots?.gone();
    closed(this);
  }
}

function strangeCluster(hello: Hello, identity: ClusterIdentity): string {
  if (hello.cluster !== identity.name) {
    return `this is the cluster ${identity.name}, not ${hello.cluster}`;
  }
  return (
    `the cluster ${identity.name} has the id ${identity.id} here, the node ${hello.node.name} ` +
    `knows it by ${hello.clusterId}: one of the two has a folder of another cluster`
  );
}
