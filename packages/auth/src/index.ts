export { DestinationPattern } from './destination-pattern.js';
export { isLoopback } from './loopback.js';
export { hashPassword, verifyPassword } from './password.js';
export { ANONYMOUS_NAME, type AuthorizationRule, RuleAuthorizer } from './rule-authorizer.js';
export { deriveScramKeys, formatScramKeys, parseScramKeys } from './scram-keys.js';
export { type ScramCredential, ScramServer } from './scram-server.js';
export { parseScryptHash, SCRYPT_COST } from './scrypt-hash.js';
export { UserAuthenticator } from './user-authenticator.js';
export { hasStockPassword, type UserDefinition, UserDirectory } from './user-directory.js';
