import {
  type BrokerApi,
  BrokerError,
  type ByteSink,
  type ConnectionSink,
  type EngineContext,
  type Principal,
  requireActive,
} from '@causeway/core';
import { StompClient } from './client.js';
import { writeFrame } from './codec/encoder.js';
import type { Frame } from './codec/frame.js';
import { VERSION_NAMES, type Version } from './codec/types.js';
import { type HeartBeatPlan, planHeartBeat } from './heart-beat.js';
import type { StompOptions } from './options.js';

const SUBPROTOCOLS: ReadonlyMap<string, Version> = new Map([
  ['v10.stomp', 0],
  ['v11.stomp', 1],
  ['v12.stomp', 2],
]);

/** The WebSocket sub-protocols, the best first. */
export const WEB_SOCKET_SUBPROTOCOLS: readonly string[] = [...SUBPROTOCOLS.keys()].reverse();

/** What a CONNECT frame asks for; it holds nothing of the input. */
export interface ConnectRequest {
  readonly version: Version;
  readonly clientId: string;
  readonly login: string | undefined;
  readonly passcode: Buffer;
  readonly heartBeat: HeartBeatPlan;
}

/**
 * Reads a CONNECT or STOMP frame (STOMP 1.2, Connecting).
 * @throws BrokerError `not-active` and the like when the broker does not serve now
 */
export function readConnect(frame: Frame, broker: BrokerApi, sink: ByteSink): ConnectRequest {
  requireActive(broker, 'stomp', sink);
  const version = chooseVersion(frame.text('accept-version'), sink.webSocketProtocol);
  const trim = version === 0 ? (text: string) => text.trim() : (text: string) => text;
  const login = frame.text('login');
  return {
    version,
    clientId: trim(frame.text('client-id') ?? ''),
    login: login === undefined ? undefined : trim(login),
    passcode: Buffer.from(trim(frame.text('passcode') ?? ''), 'utf8'),
    // 1.0 has no heart-beats, but clients that offer them there as well mean it.
    heartBeat: planHeartBeat(frame.text('heart-beat'), broker.limits),
  };
}

/** The versions that the connection may use: all, or the one its WebSocket agreed on. */
export function offeredVersions(webSocketProtocol: string | null): readonly Version[] {
  const agreed = webSocketProtocol === null ? undefined : SUBPROTOCOLS.get(webSocketProtocol);
  return agreed === undefined ? [0, 1, 2] : [agreed];
}

/** STOMP 1.2, Protocol Negotiation: the highest version that both know; none named means 1.0. */
function chooseVersion(
  acceptVersion: string | undefined,
  webSocketProtocol: string | null,
): Version {
  const offered = offeredVersions(webSocketProtocol);
  const accepted = (acceptVersion ?? '1.0').split(',').map((name) => name.trim());
  const common = offered.filter((version) => accepted.includes(VERSION_NAMES[version]));
  const best = common.at(-1);
  if (best !== undefined) return best;
  const names = offered.map((version) => VERSION_NAMES[version]).join(', ');
  throw new BrokerError('unsupported-version', `supported protocol versions: ${names}`);
}

/**
 * Who the client is. The password is checked elsewhere and later; everything else is known now.
 * @throws BrokerError `not-authenticated`
 */
export function authenticate(
  request: ConnectRequest,
  context: EngineContext,
  sink: ByteSink,
): Principal | Promise<Principal | null> {
  const { authenticator } = context;
  if (request.login !== undefined && request.login !== '') {
    return authenticator.password(request.login, request.passcode, sink.remoteAddress);
  }
  if (sink.certificatePrincipal !== null) return sink.certificatePrincipal;
  if (authenticator.anonymous) return { name: 'anonymous', groups: new Set() };
  throw new BrokerError('not-authenticated', 'the broker asks for a login and a passcode');
}

interface ClientSurroundings {
  readonly broker: BrokerApi;
  readonly sink: ByteSink;
  readonly options: StompOptions;
  /** What the broker tells when it ends the connection. */
  readonly owner: ConnectionSink;
}

/**
 * Lets the client in: CONNECTED with the agreed version and the heart-beats on offer.
 * @throws BrokerError `quota-exceeded`
 */
export function openClient(
  request: ConnectRequest,
  principal: Principal,
  surroundings: ClientSurroundings,
): StompClient {
  const { broker, sink, options, owner } = surroundings;
  const { version, clientId, heartBeat } = request;
  const versionName = VERSION_NAMES[version];
  const remote = `${sink.remoteAddress}:${sink.remotePort}`;
  const protocol = `stomp ${versionName}`;
  const connection = broker.openConnection({ protocol, clientId, principal, remote, sink: owner });
  const { heartBeatMs } = broker.limits;
  writeFrame(sink.out, 0, 'CONNECTED', [
    ['version', versionName],
    ['server', options.server],
    ['session', `${connection.id}-${broker.random.hex(8)}`],
    ['heart-beat', `${heartBeatMs},${heartBeatMs}`],
  ]);
  sink.flush();
  broker.log.debug('stomp-connected', {
    remote,
    user: principal.name,
    clientId,
    version: versionName,
    heartBeatSendMs: heartBeat.sendMs,
    heartBeatExpectMs: heartBeat.expectMs,
  });
  return new StompClient({ broker, sink, connection, version, options });
}
