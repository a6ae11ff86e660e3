import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');

/** Whether an IP address, or the name `localhost`, can be reached from this machine only. */
export function isLoopback(address: string): boolean {
  const kind = isIP(address);
  if (kind === 0) return address.toLowerCase() === 'localhost';
  return LOOPBACK.check(address, kind === 4 ? 'ipv4' : 'ipv6');
}
