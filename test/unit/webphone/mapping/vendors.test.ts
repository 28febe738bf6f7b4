/** Settings for servers that want their own ways. */
import { describe, expect, it } from 'vitest';
import { hasOpenssl, TestAuthority } from '../../../support/certificates.js';
import { onLoopback } from '../../../support/loopback-world.js';

describe('servers of vendors', () => {
  it('[interop/2] Avaya: with transport 0 everything goes over UDP, also where TCP is there', async () => {
    await onLoopback(async (world) => {
      const server = await world.server();
      const webphone = await world.started({ serveraddress: server.address, transport: 0 });
      await server.request('REGISTER');
      webphone.API_Call(-1, '1234');
      const { tx } = await server.request('INVITE');
      expect(new Set(server.arrived.map(({ flow }) => flow.protocol))).toEqual(new Set(['udp']));
      tx.reply(486);
    });
  });

  it('[interop/2] Twilio: a trunk without registration answers the challenge of a call', async () => {
    await onLoopback(async (world) => {
      const server = await world.server();
      const webphone = await world.started({ serveraddress: server.address, register: 0 });
      webphone.API_Call(-1, '+15550100');
      const { request, tx } = await server.request('INVITE');
      expect(request.authorization).toEqual([]);
      tx.reply(407, undefined, (response) =>
        response.add('Proxy-Authenticate', 'Digest realm="sip.twilio.com", nonce="1", qop="auth"'),
      );
      const again = await server.request('INVITE', 1);
      expect(again.request.get('Proxy-Authorization')).toMatch(/username="anna", realm="sip.twilio.com"/);
      expect(server.count('REGISTER')).toBe(0);
      again.tx.reply(486);
    });
  });

  it.skipIf(!hasOpenssl)('[interop/2] Twilio: and has TLS and SRTP where that is asked for', async () => {
    using authority = new TestAuthority();
    const own = authority.issue(['IP:127.0.0.1']);
    await onLoopback(async (world) => {
      const server = await world.server({ protocols: ['tls'], tls: own });
      const webphone = await world.started({
        serveraddress: server.address,
        transport: 2,
        tlspolicy: 1,
        mediaencryption: 2,
        strictsrtp: 3,
      });
      await server.request('REGISTER');
      webphone.API_Call(-1, '+15550100');
      const { request, flow, tx } = await server.request('INVITE');
      expect(flow.protocol).toBe('tls');
      expect(request.bodyText).toMatch(/^m=audio \d+ RTP\/SAVP /m);
      expect(request.bodyText).toMatch(/^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:/m);
      tx.reply(486);
    });
  });
});
