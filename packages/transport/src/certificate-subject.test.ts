import { describe, expect, it } from 'vitest';
import { subjectOf } from './certificate-subject.js';

describe('subjectOf', () => {
  it('names the most specific part first, as RFC 2253 does', () => {
    expect(subjectOf('C=US\nO=Example\nCN=shop-1')).toEqual({
      commonName: 'shop-1',
      distinguishedName: 'CN=shop-1,O=Example,C=US',
    });
  });

  it('takes the escapes off the common name and leaves them in the distinguished one', () => {
    expect(subjectOf('O=Acme\\, Inc.\nCN=a\\+b\\C3\\A9')).toEqual({
      commonName: 'a+bé',
      distinguishedName: 'CN=a\\+b\\C3\\A9,O=Acme\\, Inc.',
    });
  });

  it('has no common name when the certificate has none', () => {
    expect(subjectOf('O=Example').commonName).toBe('');
  });
});
