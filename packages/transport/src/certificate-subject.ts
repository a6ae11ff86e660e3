import type { TLSSocket } from 'node:tls';
import type { CertificateSubject } from '@causeway/core';

/** Whom the verified certificate of the peer names; null without one. */
export function certificateSubject(socket: TLSSocket): CertificateSubject | null {
  if (!socket.authorized) return null;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  return subjectOf(certificate.subject);
}

/**
 * @param subject the relative names from the root down, one a line, values escaped as RFC 2253
 *   wants it: `C=US\nO=Example\nCN=shop-1`
 */
export function subjectOf(subject: string): CertificateSubject {
  // RFC 2253, 2.1: the most specific name comes first.
  const names = subject.split('\n').reverse();
  const commonName = names.find((name) => name.startsWith('CN='));
  return {
    commonName: commonName === undefined ? '' : unescapeValue(commonName.slice(3)),
    distinguishedName: names.join(','),
  };
}

/** RFC 2253, 2.4: `\,` is a comma, `\C3` a byte. */
function unescapeValue(value: string): string {
  if (!value.includes('\\')) return value;
  const bytes: Buffer[] = [];
  for (const part of value.match(/\\[0-9A-Fa-f]{2}|\\.|[^\\]+/gs) ?? []) {
    if (!part.startsWith('\\')) bytes.push(Buffer.from(part));
    else if (part.length === 3) bytes.push(Buffer.from(part.slice(1), 'hex'));
    else bytes.push(Buffer.from(part.slice(1)));
  }
  return Buffer.concat(bytes).toString();
}
