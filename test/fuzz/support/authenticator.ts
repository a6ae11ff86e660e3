import { ScramAuthenticator } from '../../support/scram-authenticator.js';

/** Lets in those who say nothing, and `shop` with `secret`: by password or SCRAM. */
export const AUTHENTICATOR = new ScramAuthenticator({ users: { shop: 'secret' }, anonymous: true });
