/** Settings of lines, accounts, messages and presence: what they do on the wire, and what is told. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeMediaEngine } from '../../../src/testing/fake-media.js';
import { Webphone } from '../../../src/webphone/index.js';
import type { FakeRegistrar } from '../../support/fake-registrar.js';
import type { Party } from '../../support/ua-harness.js';
import { HOST, SERVER, WebphoneWorld } from '../../support/webphone-world.js';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

type Given = Readonly<Record<string, string | number>>;
const ACCOUNT = { serveraddress: SERVER, username: 'me', password: 'secret' };

let w: WebphoneWorld;

async function begin(given: Given = {}): Promise<{ bob: Party }> {
  w = new WebphoneWorld(given);
  w.webphone.API_StartStack();
  const bob = await w.party('bob');
  await w.run();
  return { bob };
}

async function registered(given: Given = {}): Promise<FakeRegistrar> {
  w = new WebphoneWorld({ ...ACCOUNT, ...given });
  const registrar = await w.registrar();
  w.webphone.API_Start();
  await w.run(500);
  return registrar;
}

const users = (registrar: FakeRegistrar): string[] =>
  registrar.requests.map(({ to }) => (to.uri.kind === 'sip' ? (to.uri.user ?? '') : ''));

afterEach(() => w.end());

describe('what is known of a line', () => {
  const read = (name: string, line = 1): string => w.webphone.API_GetLineParameter(line, name);

  it('[param:peer] [param:callid] [param:line] [param:state] is what the call there is', async () => {
    const { bob } = await begin();
    expect(['peer', 'callid', 'line', 'state'].map((name) => read(name))).toEqual(['', '', '1', '']);
    w.webphone.API_Call(1, bob.uri);
    await w.run();
    expect(['peer', 'callid', 'line', 'state'].map((name) => read(name))).toEqual([
      'bob',
      bob.calls[0].id,
      '1',
      'Ringing',
    ]);
    expect(read('line', -1)).toBe('1');
    await Promise.all([bob.calls[0].answer(), w.run()]);
    expect(read('state')).toBe('Speaking');
    expect(w.webphone.API_SetLineParameter(1, 'state', 'Ringing')).toBe(false);
  });

  it('[param:peer] [param:callid] set before is who is called next, and with which Call-ID', async () => {
    const { bob } = await begin();
    expect(w.webphone.API_SetLineParameter(2, 'peer', bob.uri)).toBe(true);
    expect(w.webphone.API_SetLineParameter(2, 'callid', 'chosen-by-me')).toBe(true);
    expect(w.webphone.API_Call(2, '')).toBe(true);
    await w.run();
    expect(bob.calls.map(({ id }) => id)).toEqual(['chosen-by-me']);
    expect(read('callid', 2)).toBe('chosen-by-me');
  });

  it('[param:holded] tells whether we hold, and holds and resumes', async () => {
    const { bob } = await begin();
    expect(w.webphone.API_SetLineParameter(1, 'holded', '1')).toBe(false);
    const call = await w.calls(bob);
    expect(read('holded')).toBe('0');
    expect(w.webphone.API_SetLineParameter(1, 'holded', '1')).toBe(true);
    await w.run();
    expect(call.held.remote).toBe(true);
    expect(read('holded')).toBe('1');
    w.webphone.API_SetLineParameter(1, 'holded', '0');
    await w.run();
    expect(call.held.remote).toBe(false);
    expect(read('holded')).toBe('0');
  });

  it('[param:discreason] goes with the end of the call, and tells why the last one ended', async () => {
    const { bob } = await begin();
    await w.calls(bob);
    w.webphone.API_SetLineParameter(1, 'discreason', 'lunch time');
    w.webphone.API_Hangup(1);
    await w.run();
    const bye = w.world.network.packets.find(({ text }) => text.startsWith('BYE'))?.text;
    expect(bye).toMatch(/^Reason: .*text="lunch time"/m);
    const second = await w.calls(bob);
    await Promise.all([second.hangup(), w.run()]);
    expect(read('discreason')).toBe('bye received');
  });
});

describe('the way of a line', () => {
  const PROXY = '10.0.0.7';

  it.each([
    ['proxyaddress', { proxyaddress: PROXY }],
    ['proxyip', { proxyip: PROXY }],
    ['proxyport', { proxyip: PROXY, proxyport: 5060 }],
    ['serverip', { serverip: PROXY }],
  ])('[param:%s] the INVITE of the line goes there, that of others to the server', async (_name, given) => {
    const registrar = await registered();
    const proxy = await w.world.peer('proxy', PROXY);
    for (const [name, value] of Object.entries(given))
      expect(w.webphone.API_SetLineParameter(2, name, String(value), 1)).toBe(true);
    w.webphone.API_Call(2, 'bob');
    await w.run(300);
    const [invite] = proxy.requests.filter(({ message }) => message.method === 'INVITE');
    expect(invite.message.uri.toString()).toBe(`sip:bob@${SERVER}`);
    expect(invite.message.from.uri.toString()).toBe(`sip:me@${SERVER}`);
    expect(registrar.others).toHaveLength(0);
    w.webphone.API_Call(3, 'carol');
    await w.run(300);
    expect(registrar.others.map(({ request }) => request.method)).toContain('INVITE');
    expect(w.webphone.API_IsRegistered()).toBe(true);
  });

  it.each([
    ['serverport', { serverport: 5070 }],
    ['serverdomainandport', { serverdomainandport: `${SERVER}:5070` }],
    ['transport', { transport: 1 }],
  ])('[param:%s] is another one than that of the phone', async (name, given) => {
    await registered();
    for (const [one, value] of Object.entries(given))
      expect(w.webphone.API_SetLineParameter(2, one, String(value), 1)).toBe(true);
    w.webphone.API_Call(2, 'bob');
    await w.run(300);
    const sent = w.world.network.packets.filter(({ text }) => text.startsWith('INVITE'));
    if (name === 'transport') expect(sent[0].text).toMatch(/^Via: SIP\/2\.0\/TCP/m);
    else expect(sent[0].to).toEqual({ host: SERVER, port: 5070 });
  });

  it.each([
    ['sipusername', { sipusername: 'line-login' }, /username="line-login"/],
    ['password', { password: 'other' }, /username="me"/],
  ] as ReadonlyArray<[string, Given, RegExp]>)(
    '[param:%s] is what the line logs in with',
    async (_name, given, wanted) => {
      const registrar = await registered();
      for (const [one, value] of Object.entries(given))
        expect(w.webphone.API_SetLineParameter(2, one, String(value), 1)).toBe(true);
      w.webphone.API_Call(2, 'bob');
      await w.run(300);
      const challenge = 'Digest realm="example.com", nonce="n", algorithm=MD5';
      registrar.others[0].tx.reply(407, undefined, (response) =>
        response.set('Proxy-Authenticate', challenge),
      );
      await w.run(300);
      const again = registrar.others.at(-1)?.request;
      const text = again?.get('Proxy-Authorization') ?? '';
      expect(text).toMatch(wanted);
      const ha1 = md5(`${/username="([^"]*)"/.exec(text)?.[1]}:example.com:${given.password ?? 'secret'}`);
      const ha2 = md5(`INVITE:${/uri="([^"]*)"/.exec(text)?.[1]}`);
      expect(text).toContain(`response="${md5(`${ha1}:n:${ha2}`)}"`);
    },
  );
});

describe('the end of calls', () => {
  it('[param:disccode] of a line is the status its calls are refused with', async () => {
    const { bob } = await begin();
    w.webphone.API_SetLineParameter(1, 'disccode', '486', 1);
    const first = await w.called(bob);
    w.webphone.API_Reject(-1);
    await w.run();
    expect(first.end?.status).toBe(486);
    w.webphone.API_SetLineParameter(1, 'disccode', 'NULL', 1);
    const second = await w.called(bob);
    w.webphone.API_Reject(-1);
    await w.run();
    expect(second.end?.status).toBe(603);
  });

  it.each([
    ['', 2],
    ['false', 1],
  ])('[param:codecretry] "%s" of a line: after 488 there are %i INVITEs', async (codecretry, invites) => {
    const registrar = await registered();
    if (codecretry) w.webphone.API_SetLineParameter(1, 'codecretry', codecretry, 1);
    w.webphone.API_Call(1, 'bob');
    await w.run(200);
    const came = () => registrar.others.filter(({ request }) => request.method === 'INVITE');
    came()[0].tx.reply(488);
    await w.run(3000);
    expect(came()).toHaveLength(invites);
  });

  it('[param:userrejectdisccode] is the status when the user refuses', async () => {
    const { bob } = await begin();
    const first = await w.called(bob);
    w.webphone.API_Reject(-1);
    await w.run();
    expect(first.end?.status).toBe(603);
    w.webphone.API_SetParameter('userrejectdisccode', 404);
    const second = await w.called(bob);
    w.webphone.API_Hangup(-1);
    await w.run();
    expect(second.end?.status).toBe(404);
  });

  it('[param:disconunregister] unregistering ends the calls with 1 and keeps them with 0', async () => {
    for (const [mode, left] of [
      [1, 0],
      [0, 1],
    ]) {
      await registered({ disconunregister: mode });
      const bob = await w.party('bob');
      await w.called(bob);
      w.webphone.API_Accept(-1);
      await w.run(300);
      expect(w.webphone.API_GetCurrentConnectedCallCount()).toBe(1);
      w.webphone.API_Unregister();
      await w.run(500);
      expect(w.webphone.API_GetCurrentConnectedCallCount()).toBe(left);
      if (mode === 1) await w.end();
    }
  });

  it('[param:clearcredentialsonunreg] the account is forgotten with 1', async () => {
    await registered({ clearcredentialsonunreg: 1 });
    w.webphone.API_Unregister();
    await w.run(500);
    expect(w.webphone.API_GetParameter('username')).toBe('');
    expect(w.webphone.API_GetParameter('password')).toBe('');
    await w.end();
    await registered();
    w.webphone.API_Unregister();
    await w.run(500);
    expect(w.webphone.API_GetParameter('username')).toBe('me');
  });
});

describe('further accounts', () => {
  it('[param:extraregisteraccounts] are registered after the main one, with what they leave open as there', async () => {
    const other = '10.0.0.101';
    w = new WebphoneWorld({
      ...ACCOUNT,
      extraregisteraccounts: `${other},kate,pw,300;,joe;"Ann" <ann:pw@${SERVER}>`,
    });
    const registrar = await w.registrar();
    registrar.password = 'secret';
    w.webphone.API_Start();
    await w.run(1000);
    expect(users(registrar)[0]).toBe('me');
    expect(new Set(users(registrar))).toEqual(new Set(['me', 'joe', 'ann']));
    // He has no password of his own: that of the main account will do.
    const joe = registrar.requests.filter(({ to }) => String(to.uri).includes('joe'));
    expect(joe.at(-1)?.get('Authorization')).toBeDefined();
    expect(w.webphone.API_GetAccountRegState(`joe@${SERVER}`)).toBe(1);
    const elsewhere = w.world.network.packets.filter(({ to }) => to.host === other);
    expect(elsewhere[0]?.text).toMatch(/^REGISTER sip:10\.0\.0\.101 [\s\S]*^Expires: 300\r$/m);
    expect(joe[0].get('Expires')).toBe('3600');
  });

  it('[param:serveraddressN] [param:usernameN] [param:passwordN] [param:registerintervalN] may have numbers', async () => {
    const other = '10.0.0.101';
    w = new WebphoneWorld({
      ...ACCOUNT,
      registerinterval: 500,
      ...{ username2: 'kate', password2: 'other', registerinterval2: 120 },
      ...{ serveraddress3: other, username3: 'joe' },
    });
    const registrar = await w.registrar();
    registrar.password = 'other';
    w.webphone.API_Start();
    await w.run(1000);
    const kate = registrar.requests.filter(({ to }) => String(to.uri).includes('kate'));
    expect(kate[0].get('Expires')).toBe('120');
    expect(w.webphone.API_GetAccountRegState(`kate@${SERVER}`)).toBe(1);
    const elsewhere = w.world.network.packets.filter(({ to }) => to.host === other);
    expect(elsewhere[0]?.text).toMatch(/^REGISTER sip:10\.0\.0\.101 [\s\S]*^Expires: 500\r$/m);
  });
});

describe('several calls', () => {
  it('[param:conference_addalllines] a line that is added brings all others with 1, and one with 0', async () => {
    for (const [mode, members] of [
      [1, 3],
      [0, 2],
    ]) {
      const { bob } = await begin({ conference_addalllines: mode });
      await w.calls(bob, 1);
      for (const [name, line] of [
        ['carol', 2],
        ['dave', 3],
      ] as const) {
        const party = await w.party(name);
        w.webphone.API_Call(line, party.uri);
        await w.run();
        await Promise.all([party.calls[0].answer(), w.run()]);
      }
      w.forget();
      w.webphone.API_ConfEx(1, '', true);
      await w.run(300);
      expect(w.last('GROUP').split('|')).toHaveLength(members);
      if (mode === 1) await w.end();
    }
  });

  it('[param:calltransferalways] every call is answered and transferred', async () => {
    const { bob } = await begin({ calltransferalways: 'sip:carol@10.0.0.30' });
    const carol = await w.party('carol', '10.0.0.30');
    const call = await w.called(bob);
    await w.run(500);
    expect(w.world.network.packets.find(({ text }) => text.startsWith('REFER'))?.text).toMatch(
      /^Refer-To: <?sip:carol@10\.0\.0\.30/m,
    );
    expect(carol.calls).toHaveLength(1);
    await Promise.all([carol.calls[0].answer(), w.run(1000)]);
    expect(call.state).toBe('ended');
    expect(w.webphone.API_IsInCall()).toBe(0);
  });
});

describe('messages and presence', () => {
  it('[param:separatechatdiag] messages of a call go in its dialog, and with 1 in one of their own', async () => {
    const callIds: string[] = [];
    for (const mode of [0, 1]) {
      const { bob } = await begin({ separatechatdiag: mode });
      const call = await w.calls(bob);
      for (const text of ['one', 'two']) w.webphone.API_SendChat(1, bob.uri, '', text);
      await w.run(500);
      const ids = w.world.network.packets
        .filter(({ text, from }) => text.startsWith('MESSAGE') && from.host === HOST)
        .map(({ text }) => /^Call-ID: (.*)\r$/m.exec(text)?.[1] ?? '');
      expect(ids.length).toBeGreaterThan(0);
      callIds.push(...ids.map((id) => (id === call.id ? 'of the call' : id)));
      if (mode === 0) await w.end();
    }
    expect(callIds[0]).toBe('of the call');
    expect(callIds.at(-1)).not.toBe('of the call');
    const own = callIds.filter((id) => id !== 'of the call');
    expect(new Set(own).size).toBe(own.length);
  });

  it('[param:upresence_USERNAME] shows one user another status', async () => {
    await begin({ autoacceptpresencerequests: 2, upresence_bob: 'DND' });
    const notes: string[] = [];
    for (const [name, host] of [
      ['bob', '10.0.0.41'],
      ['carol', '10.0.0.42'],
    ]) {
      const party = await w.party(name, host);
      party.agent.subscribe(`sip:me@${HOST}`, { event: 'presence', from: `sip:${name}@${host}` });
    }
    w.webphone.API_SetPresenceStatus('Online');
    await w.run(1000);
    const latest = (host: string): string =>
      w.world.network.packets.filter(({ text, to }) => text.startsWith('NOTIFY') && to.host === host).at(-1)
        ?.text ?? '';
    notes.push(latest('10.0.0.41'), latest('10.0.0.42'));
    expect(notes[0]).toMatch(/dnd|do.?not.?disturb|busy/i);
    expect(notes[1]).not.toMatch(/dnd|do.?not.?disturb|busy/i);
    w.webphone.API_SetParameter('upresence_bob', 'NULL');
    await w.run(1000);
    expect(latest('10.0.0.41')).not.toMatch(/dnd|do.?not.?disturb|busy/i);
  });
});

describe('phones in the local network', () => {
  it('[param:detectlanpeers] [lan-peers/0] [lan-peers/1] [notify:NEWUSER] find each other when they are set to', async () => {
    await begin();
    const open: Webphone[] = [];
    const engine = new FakeMediaEngine();
    const phone = async (username: string, detectlanpeers?: number): Promise<string[]> => {
      const webphone = new Webphone({
        startsipstack: 0,
        settings: { username, ...(detectlanpeers === undefined ? {} : { detectlanpeers }) },
        phone: {
          engine,
          username,
          listen: { host: '127.0.0.1' },
          lanPeers: { port: 50_766, interface: '127.0.0.1', interval: 1 },
        },
      });
      open.push(webphone);
      const told: string[] = [];
      webphone.notifications.subscribe((one) => one.kind === 'NEWUSER' && told.push(String(one)));
      webphone.API_StartStack();
      await vi.waitFor(() => expect(webphone.API_GetAddress()).toMatch(/^127/), 5000);
      return told;
    };
    const silent = await phone('unset');
    const off = await phone('off', 0);
    const answers = await phone('answers', 1);
    const searches = await phone('searches', 2);
    await vi.waitFor(() => expect(searches.join()).toMatch(/NEWUSER,answers,/), 8000);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(searches).toHaveLength(1);
    expect(searches[0]).toMatch(/sip:answers@127\.0\.0\.1:\d+/);
    expect(answers.join()).toMatch(/NEWUSER,searches,/);
    expect([silent, off]).toEqual([[], []]);
    await Promise.all(open.map((one) => one.close()));
  });
});
