/** Who we say we are by the settings, and whom we say is calling. */
import { afterEach, describe, expect, it } from 'vitest';
import type { SipRequest } from '../../../src/sip/index.js';
import { sdp } from '../../support/ua-harness.js';
import { HOST, SERVER, WebphoneWorld } from '../../support/webphone-world.js';

const ACCOUNT = { serveraddress: SERVER, username: 'anna', password: 'secret' };
const OWN = '"?Anna A"? <sip:anna@10\\.0\\.0\\.100>';

let w: WebphoneWorld;
afterEach(() => w.end());

/** REGISTER and INVITE as they go out, after the challenge. */
async function requests(
  settings: Record<string, string | number>,
): Promise<Record<'register' | 'invite', SipRequest>> {
  w = new WebphoneWorld({ ...ACCOUNT, ...settings });
  const registrar = await w.registrar();
  registrar.password = 'secret';
  w.webphone.API_Start();
  await w.run(500);
  w.webphone.API_Call(-1, '1234');
  await w.run(100);
  const invites = registrar.others.filter(({ request }) => request.method === 'INVITE');
  invites.at(-1)?.tx.reply(486);
  await w.run(100);
  return { register: registrar.last, invite: invites.at(-1)?.request as SipRequest };
}

describe('what we send', () => {
  it('[caller-id/0] [param:username] [param:sipusername] [param:displayname] user and display name in From and Contact, the other name only in the digest', async () => {
    const { register, invite } = await requests({ sipusername: 'digest-anna', displayname: 'Anna A' });
    for (const one of [register, invite]) {
      expect(one.get('From')).toMatch(new RegExp(`^${OWN};tag=`));
      expect(one.contacts[0].uri.toString()).toBe('sip:anna@10.0.0.1:5060');
    }
    expect(register.get('Authorization')).toContain('username="digest-anna"');
    expect(String(register).replace(/^Authorization:.*$/im, '')).not.toContain('digest-anna');
    expect(String(invite).replace(/^(Proxy-)?Authorization:.*$/gim, '')).not.toContain('digest-anna');
  });

  it('[caller-id/0] without another name the user is that of the digest as well', async () => {
    const { register } = await requests({});
    expect(register.get('From')).toMatch(/^<sip:anna@10\.0\.0\.100>;tag=/);
    expect(register.get('Authorization')).toContain('username="anna"');
  });

  const NAMES = {
    p_preferred_identity: 'P-Preferred-Identity',
    p_asserted_identity: 'P-Asserted-Identity',
    remote_party_id: 'Remote-Party-ID',
  };

  it.each(Object.entries(NAMES))(
    '[caller-id/1] [param:%s] %s is computed for "-", sent as given, and else not at all',
    async (setting, header) => {
      const computed = await requests({ displayname: 'Anna A', [setting]: '-' });
      expect(computed.invite.get(header)).toMatch(new RegExp(`^${OWN}`));
      await w.end();
      const given = await requests({ [setting]: '"Desk" <sip:5@host.test>' });
      expect(given.invite.get(header)).toContain('"Desk" <sip:5@host.test>');
      await w.end();
      const none = await requests({});
      for (const name of Object.values(NAMES)) expect(none.invite.has(name)).toBe(false);
      expect(none.invite.has('Privacy')).toBe(false);
    },
  );

  it('[caller-id/1] [param:privacy] is sent as it is set', async () => {
    const { invite } = await requests({ privacy: 'header;id' });
    expect(invite.get('Privacy')).toBe('header;id');
  });

  it('[caller-id/3] [param:displayname] who is called Anonymous is not known to those called', async () => {
    const { register, invite } = await requests({ displayname: 'Anonymous' });
    expect(register.get('From')).toContain('sip:anna@');
    expect(invite.get('From')).toMatch(/^"?Anonymous"? <sip:anonymous@anonymous\.invalid>;tag=/);
    expect(invite.get('Privacy')).toBe('id');
    expect(invite.get('Contact')).not.toContain('anna');
  });
});

describe('who calls us', () => {
  it.each([
    [{ From: '"Carol C" <sip:carol@10.0.0.9>;tag=carol' }, 'carol', 'Carol C'],
    [{ 'P-Asserted-Identity': '"Real C" <sip:4711@net.test>' }, '4711', 'Real C'],
    [{ 'P-Preferred-Identity': '"Pref C" <sip:33@net.test>' }, '33', 'Pref C'],
    [{ 'Remote-Party-ID': '"RP" <sip:12@net.test>;party=calling' }, '12', 'RP'],
    [{ From: '<sip:10.0.0.9>;tag=carol', Contact: '<sip:desk@10.0.0.9>' }, 'desk', 'desk'],
  ] as const)(
    '[caller-id/2] [API_GetCallerID] [API_GetIncomingDisplay] %j is %s',
    async (headers, user, name) => {
      w = new WebphoneWorld();
      w.webphone.API_Start();
      const peer = await w.world.peer('carol', '10.0.0.9');
      await w.run(100);
      await peer.request('INVITE', { uri: `sip:me@${HOST}`, host: HOST }, { sdp: sdp(), headers });
      await w.run(100);
      const { webphone } = w;
      expect(webphone.API_GetCallerID(-1)).toBe(name);
      expect(webphone.API_GetIncomingDisplay(-1)).toBe(name === user ? user : `${user}\n${name}`);
      const ringing =
        w
          .strings('STATUS')
          .find((text) => text.startsWith('STATUS,1,Ringing'))
          ?.split(',') ?? [];
      expect([ringing[3], ringing[6]]).toEqual([user, name]);
    },
  );
});
