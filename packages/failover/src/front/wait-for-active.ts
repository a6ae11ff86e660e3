import { type Log, SILENT_LOG } from '@causeway/core';
import type { FrontNode } from './front-node.js';
import { NodeWatch } from './node-watch.js';

const PROBE_MS = 50;
const PATIENCE_MS = 10_000;

/** Resolves to the node that serves, as soon as one does; when that takes long, the log says so. */
export async function waitForActive(nodes: readonly FrontNode[], log: Log): Promise<FrontNode> {
  let timer: NodeJS.Timeout | undefined;
  const active = await new Promise<FrontNode>((resolve) => {
    const watch: NodeWatch = new NodeWatch({
      nodes,
      probeMs: PROBE_MS,
      log: SILENT_LOG,
      changed: (node) => {
        if (node === null) return;
        watch.stop();
        resolve(node);
      },
      deposed() {},
    });
    timer = setInterval(() => {
      const said = watch.nodes.map(({ name, answer, role }) => `${name}: ${answer}, ${role}`);
      log.warn('waiting for a node to serve', { nodes: said.join('; ') });
    }, PATIENCE_MS);
    void watch.start();
  });
  clearInterval(timer);
  return active;
}
