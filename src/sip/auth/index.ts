/** Digest authentication (RFC 3261 §22, RFC 7616, RFC 8760). */
export { DIGEST_ALGORITHMS, type DigestAlgorithm, type DigestSecret, digestHa1, type Qop } from './digest.js';
export { DigestClient, type DigestClientOptions, type DigestCredentials } from './digest-client.js';
export { DigestServer, type DigestServerOptions, type DigestVerdict } from './digest-server.js';
