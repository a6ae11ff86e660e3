import { readDocument, textOf } from './payload.js';

/** Who connects. */
export interface NodeIdentity {
  readonly name: string;
  /** Another one each time that the node is started. */
  readonly instance: string;
}

/** The first frame of a node. */
export interface Hello {
  readonly cluster: string;
  /** The id of the cluster that it knows; absent when it is new. */
  readonly clusterId: string | null;
  readonly node: NodeIdentity;
}

/** @throws BrokerError `malformed` */
export function readHello(payload: Buffer): Hello {
  const document = readDocument(payload);
  return {
    cluster: textOf(document, 'cluster'),
    clusterId: document.clusterId == null ? null : textOf(document, 'clusterId'),
    node: { name: textOf(document, 'name'), instance: textOf(document, 'instance') },
  };
}

export function helloDocument({ cluster, clusterId, node }: Hello): unknown {
  return { cluster, clusterId, ...node };
}
