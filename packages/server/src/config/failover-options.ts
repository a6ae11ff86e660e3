import {
  choice,
  integer,
  list,
  optionalSection,
  optionalText,
  quantity,
  requiredText,
  section,
  text,
} from './option.js';

const PORT = { min: 1, max: 65_535 };
const REGION_PORT = 7801;

/** The section `failover`: this broker is a node of several that share one log. */
export const FAILOVER = optionalSection(
  'This broker is one node of several over one log: one of them serves, the others follow. Left out, the broker stands alone.',
  {
    cluster: text('Name of the nodes and their log together; a log belongs to one.', 'causeway'),
    region: section('Where the log is: see `causeway region`.', {
      host: text('Its address.', '127.0.0.1'),
      port: integer('Its port.', REGION_PORT, PORT),
    }),
    lease: quantity(
      'ms',
      'How long a node that serves may go on without a record of its own in the log; another takes over a little later. 500 ms at least.',
      2000,
    ),
    appendTimeout: quantity(
      'ms',
      'After how long without an answer the log is asked again what became of a record; shorter than `lease`.',
      1000,
    ),
    retry: quantity('ms', 'How long to wait before the log is connected to again.', 200),
    members: integer(
      'Nodes that must have a record on their own disks before the log forgets it.',
      2,
      { min: 1, max: 16 },
    ),
    standby: choice(
      ['redirect', 'proxy'],
      'What a node that does not serve does with clients: tell them who does, or pass them on to it.',
      'redirect',
    ),
    advertise: list(
      'Where clients reach this node, as others tell them; by default the addresses it binds.',
      {
        name: requiredText('Which listener: `mqtt`, `amqp`, `stomp`, `ws`, or with TLS `mqtts`.'),
        address: requiredText('Its address as `host:port`.'),
      },
    ),
  },
);

/** The section `multiAz`: the parts that `causeway up --multi-az` starts. */
export const MULTI_AZ = optionalSection(
  'The parts of `causeway up --multi-az`: a log, its nodes, and a front, which binds `listeners` and passes clients on to the node that serves. `causeway region`, `front`, `status`, `reboot` and `promote` read it too. Left out, those commands take the defaults.',
  {
    cluster: text('Name of the nodes and their log together.', 'causeway'),
    nodes: list(
      'The nodes. Each binds the ports of `listeners` and `admin`, plus its offset, and has the folder of its name below `node.data`.',
      {
        name: requiredText('Name of the node.'),
        portOffset: integer(
          'What is added to each port; for nodes on machines of their own, 0.',
          0,
          {
            max: 65_535,
          },
        ),
        host: optionalText(
          'Where the front reaches the node; by default the address that the listener binds.',
        ),
      },
      [
        { name: 'az-a', portOffset: 100 },
        { name: 'az-b', portOffset: 200 },
      ],
    ),
    region: section('The log.', {
      host: text(
        'Address to bind. Whoever reaches it can read and write everything: bind a network of the nodes only.',
        '127.0.0.1',
      ),
      port: integer('Port to bind; 0 for a free one.', REGION_PORT, { max: 65_535 }),
    }),
    frontWait: quantity(
      'ms',
      'How long the front holds a connection while no node serves; then it is closed.',
      5000,
    ),
    frontProbe: quantity('ms', 'How often the front asks each node whether it serves.', 100),
    frontConnectionsMax: integer('Connections through the front at a time.', 20_000, { min: 1 }),
    frontAdmitPerSecond: integer(
      'Connections that the front passes on in a second, at most; others wait. Clients that all come back after a takeover do not overwhelm the node that serves.',
      2000,
      { min: 1 },
    ),
    frontProxyProtocol: choice(
      ['none', 'v1', 'v2'],
      "PROXY protocol header with which the front tells nodes the client's address. The nodes' listeners must then expect it (`proxyProtocol`), and take no clients without it.",
      'none',
    ),
  },
);
