import { BrokerError } from '@causeway/core';
import { describe, expect, test } from 'vitest';
import { FakeBroker } from './testing/fake-broker.js';
import { PRINCIPAL, StompPeer } from './testing/stomp-peer.js';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('negotiation', () => {
  test.each([
    ['', '1.0'],
    ['accept-version:1.0\n', '1.0'],
    ['accept-version:1.1\n', '1.1'],
    ['accept-version:1.2\n', '1.2'],
    ['accept-version:1.0,1.1,1.2\n', '1.2'],
    ['accept-version:1.1, 1.0\n', '1.1'],
    ['accept-version:1.1,2.0\n', '1.1'],
  ])('%j agrees on %s', (header, version) => {
    const peer = new StompPeer();
    peer.send(`CONNECT\n${header}host:a\n\n^`);
    const { command, headers } = peer.frame();
    expect(command).toBe('CONNECTED');
    expect(headers).toMatchObject({
      version,
      server: 'Causeway/0.1.0',
      'heart-beat': '10000,10000',
    });
    expect(headers.session).toBeTruthy();
    expect(peer.sink.loggedIn).toBe(true);
    expect(peer.broker.connections[0]!.info).toMatchObject({
      protocol: `stomp ${version}`,
      remote: '192.0.2.1:4321',
      clientId: '',
    });
  });

  test('STOMP is another word for CONNECT', () => {
    const peer = new StompPeer();
    peer.send('STOMP\r\naccept-version:1.2\r\nhost:a\r\n\r\n^');
    expect(peer.frame().command).toBe('CONNECTED');
  });

  test('without a common version ends with those that there are', () => {
    const peer = new StompPeer();
    peer.send('CONNECT\naccept-version:2.0,3\nhost:a\n\n^');
    expect(peer.frame()).toMatchObject({
      command: 'ERROR',
      headers: { version: '1.0,1.1,1.2', message: 'unsupported protocol version' },
    });
    expect(peer.sink.ended).toBe(true);
  });

  test('over WebSocket has only the version of the sub-protocol', () => {
    const peer = new StompPeer();
    peer.sink.webSocketProtocol = 'v11.stomp';
    peer.send('CONNECT\naccept-version:1.0,1.1,1.2\nhost:a\n\n^');
    expect(peer.frame().headers.version).toBe('1.1');
    const other = new StompPeer();
    other.sink.webSocketProtocol = 'v11.stomp';
    other.send('CONNECT\naccept-version:1.2\nhost:a\n\n^');
    expect(other.frame()).toMatchObject({ command: 'ERROR', headers: { version: '1.1' } });
  });

  test('headers of CONNECT are not escaped', () => {
    const peer = new StompPeer();
    peer.send('CONNECT\naccept-version:1.2\nhost:a\nclient-id:a\\c\\x\n\n^');
    expect(peer.frame().command).toBe('CONNECTED');
    expect(peer.broker.connections[0]!.info.clientId).toBe('a\\c\\x');
  });

  test('a second CONNECT is an error', () => {
    const peer = new StompPeer().connect();
    peer.send('CONNECT\naccept-version:1.2\nhost:a\n\n^');
    expect(peer.frame()).toMatchObject({ command: 'ERROR' });
    expect(peer.sink.ended).toBe(true);
  });

  test('no other frame comes first', () => {
    const peer = new StompPeer();
    peer.send('SEND\ndestination:/queue/a\n\n^');
    expect(peer.frame()).toMatchObject({
      command: 'ERROR',
      headers: { message: 'frame not allowed here' },
    });
    expect(peer.broker.published).toEqual([]);
    expect(peer.sink.ended).toBe(true);
  });

  test('a broker that does not serve says so', () => {
    for (const [role, message] of [
      ['starting', 'broker not active'],
      ['stopping', 'broker shutting down'],
    ] as const) {
      const peer = new StompPeer();
      peer.broker.role = role;
      peer.send('CONNECT\naccept-version:1.2\nhost:a\n\n^');
      expect(peer.frame().headers.message).toBe(message);
      expect(peer.sink.ended).toBe(true);
    }
  });

  test('a standby says who serves', () => {
    const peer = new StompPeer();
    peer.broker.role = 'standby';
    peer.broker.elsewhere = (listener) => `${listener}.example:61613`;
    peer.send('CONNECT\naccept-version:1.2\nhost:a\n\n^');
    const { headers, body } = peer.frame();
    expect(headers).toMatchObject({
      message: 'broker not active',
      redirect: 'stomp.example:61613',
    });
    expect(body).toContain('connect to stomp.example:61613');
    expect(peer.sink.ended).toBe(true);
  });

  test('a broker that takes no more clients says so', () => {
    const peer = new StompPeer();
    peer.broker.openConnection = () => {
      throw new BrokerError('quota-exceeded', 'too many connections');
    };
    peer.send('CONNECT\naccept-version:1.2\nhost:a\n\n^');
    expect(peer.frame().headers.message).toBe('quota exceeded');
  });
});

describe('login', () => {
  const login = (passcode: string) =>
    `CONNECT\naccept-version:1.2\nhost:a\nlogin:shop\npasscode:${passcode}\n\n^`;

  test('is checked elsewhere; what comes meanwhile waits', async () => {
    const peer = new StompPeer();
    peer.send(`${login('secret')}SEND\ndestination:/queue/a\n`);
    expect(peer.sink.pauses).toBe(1);
    peer.send('receipt:1\n\nhello^');
    expect(peer.text()).toBe('');
    await settled();
    expect(peer.frames().map((frame) => frame.command)).toEqual(['CONNECTED', 'RECEIPT']);
    expect(peer.broker.published).toHaveLength(1);
    expect(peer.sink.pauses).toBe(0);
    expect(peer.broker.turnsRequested).toBeGreaterThan(0);
    expect(peer.broker.connections[0]!.info.principal).toBe(PRINCIPAL);
  });

  test('that is wrong ends the connection and is audited, without the passcode', async () => {
    const peer = new StompPeer();
    peer.send(`${login('wrong-passcode')}SEND\ndestination:/queue/a\n\n^`);
    await settled();
    expect(peer.frame()).toMatchObject({ command: 'ERROR', headers: { message: 'login refused' } });
    expect(peer.sink.ended).toBe(true);
    expect(peer.broker.published).toEqual([]);
    expect(peer.broker.metrics.loginsRefused).toBe(1);
    expect(peer.broker.events.map(([level]) => level)).toContain('audit');
    expect(JSON.stringify(peer.broker.events)).not.toContain('wrong-passcode');
  });

  test('is needed unless the broker takes anybody', () => {
    const peer = new StompPeer();
    peer.authenticator.anonymous = false;
    peer.send('CONNECT\naccept-version:1.2\nhost:a\n\n^');
    expect(peer.frame().headers.message).toBe('login refused');
  });

  test('is not needed with a client certificate', () => {
    const peer = new StompPeer();
    peer.authenticator.anonymous = false;
    peer.sink.certificatePrincipal = PRINCIPAL;
    peer.send('CONNECT\naccept-version:1.2\nhost:a\n\n^');
    expect(peer.frame().command).toBe('CONNECTED');
    expect(peer.broker.connections[0]!.info.principal).toBe(PRINCIPAL);
  });

  test('of 1.0 may have spaces after its colons', async () => {
    const peer = new StompPeer();
    peer.send('CONNECT\nlogin: shop\npasscode: secret\n\n^');
    await settled();
    expect(peer.frame().headers.version).toBe('1.0');
  });

  test('is forgotten when the client leaves before the answer', async () => {
    const peer = new StompPeer();
    peer.send(login('secret'));
    peer.engine.closed('reset');
    await settled();
    expect(peer.text()).toBe('');
    expect(peer.broker.connections).toEqual([]);
  });

  test('that cannot be checked is an error of the broker', async () => {
    const peer = new StompPeer();
    peer.authenticator.password = () => Promise.reject(new Error('disk gone'));
    peer.send(login('secret'));
    await settled();
    expect(peer.frame().headers.message).toBe('internal error');
    const busy = new StompPeer();
    busy.authenticator.password = () => Promise.reject(new BrokerError('server-busy', 'busy'));
    busy.send(login('secret'));
    await settled();
    expect(busy.frame().headers.message).toBe('server busy');
  });
});

describe('limits before login', () => {
  const limits = { handshakeBytesMax: 300 };

  test('bound the frame', () => {
    const peer = new StompPeer(new FakeBroker(limits));
    peer.send(`CONNECT\nhost:${'a'.repeat(300)}`);
    expect(peer.frame().headers.message).toBe('frame too large');
    expect(peer.sink.ended).toBe(true);
  });

  test('bound what waits for the login', async () => {
    const peer = new StompPeer(new FakeBroker(limits));
    peer.send('CONNECT\nlogin:shop\npasscode:secret\n\n^');
    peer.send('x'.repeat(301));
    expect(peer.frame().headers.message).toBe('frame too large');
    await settled();
    expect(peer.text()).toBe('');
    expect(peer.broker.connections).toEqual([]);
  });

  test('no longer hold afterwards', () => {
    const peer = new StompPeer(new FakeBroker(limits)).connect();
    peer.send(`SEND\ndestination:/queue/a\nreceipt:1\n\n${'x'.repeat(5000)}^`);
    expect(peer.frame().command).toBe('RECEIPT');
  });
});
