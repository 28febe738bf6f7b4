import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type DigestInput,
  digestHa1,
  digestResponse,
  parseAlgorithm,
} from '../../../../src/sip/auth/digest.js';
import { hasShared, sharedPath } from '../../../support/shared.js';

interface Vector {
  name: string;
  username: string;
  realm: string;
  password: string;
  method: string;
  uri: string;
  nonce: string;
  nc?: string;
  cnonce?: string;
  qop?: 'auth' | 'auth-int';
  algorithmToken: string;
  body?: string;
  sess?: boolean;
  expect: string;
  ha1: string;
}

describe.skipIf(!hasShared)('digest vectors', () => {
  const file = sharedPath('vectors', 'digest', 'digest-vectors.json');
  const vectors: Vector[] = hasShared ? JSON.parse(readFileSync(file, 'utf8')) : [];

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const algorithm = parseAlgorithm(vector.algorithmToken);
    if (!algorithm) throw new Error(`unknown algorithm ${vector.algorithmToken}`);
    const input: DigestInput = { ...vector, algorithm, body: Buffer.from(vector.body ?? '') };
    expect(digestResponse(input, { password: vector.password })).toBe(vector.expect);
    if (!vector.sess) {
      const ha1 = digestHa1(algorithm, vector.username, vector.realm, vector.password);
      expect(ha1).toBe(vector.ha1);
      const ha1Algorithm = algorithm as 'MD5' | 'SHA-256' | 'SHA-512-256';
      expect(digestResponse(input, { ha1: ha1.toUpperCase(), ha1Algorithm })).toBe(vector.expect);
    }
  });
});

describe('digest', () => {
  // RFC 2617 §3.5.
  const example: DigestInput = {
    algorithm: 'MD5',
    username: 'Mufasa',
    realm: 'testrealm@host.com',
    method: 'GET',
    uri: '/dir/index.html',
    nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    qop: 'auth',
    nc: '00000001',
    cnonce: '0a4f113b',
  };

  it('agrees with RFC 2617 §3.5', () => {
    expect(digestResponse(example, { password: 'Circle Of Life' })).toBe('6629fae49393a05397450978507c4ef1');
  });

  it('cannot use an HA1 of another hash', () => {
    expect(digestResponse({ ...example, algorithm: 'SHA-256' }, { ha1: 'aa' })).toBeUndefined();
    expect(digestResponse(example, {})).toBeUndefined();
  });

  it('knows algorithm tokens in any case; none means MD5', () => {
    expect(parseAlgorithm(undefined)).toBe('MD5');
    expect(parseAlgorithm('sha-512-256-SESS')).toBe('SHA-512-256-sess');
    expect(parseAlgorithm('AKAv1-MD5')).toBeUndefined();
  });
});
