/** Settings about how INVITEs are acknowledged and which way requests of a call take, seen on the wire. */
import { afterEach, describe, expect, it } from 'vitest';
import { type RawPeer, sdp } from '../../../support/ua-harness.js';
import { HOST, WebphoneWorld } from '../../../support/webphone-world.js';

let w: WebphoneWorld;

afterEach(() => w.end());

async function started(settings: Record<string, string | number>): Promise<RawPeer> {
  w = new WebphoneWorld({ codec: 'pcmu', setfinalcodec: 0, ...settings });
  w.webphone.API_Start();
  const peer = await w.world.peer('bob', '10.0.0.9');
  await w.run();
  return peer;
}

/** We call the scripted Bob, who rings. */
async function ringing(settings: Record<string, string | number>): Promise<RawPeer> {
  const peer = await started(settings);
  peer.onRequest = (request) => {
    if (request.method === 'BYE') peer.respond(request, 200);
  };
  w.webphone.API_Call(-1, peer.uri);
  await w.run(50);
  peer.respond(peer.last('INVITE'), 180);
  await w.run(50);
  return peer;
}

/** Where our messages of that name went. */
const sentTo = (name: string): string[] =>
  w.world.network.packets.filter(({ text }) => text.startsWith(`${name} `)).map(({ to }) => to.host);

describe('the ACK', () => {
  it.each([
    [1, 1],
    [0, 0],
  ])('[param:sendearlyack] %i: sent so often before the media is ready: %i', async (sendearlyack, early) => {
    const peer = await started({ sendearlyack });
    const open = w.engine.openSession.bind(w.engine);
    w.engine.openSession = async (options) => {
      const session = await open(options);
      const configure = session.configure.bind(session);
      session.configure = async (config) => {
        await new Promise<void>((resolve) => w.world.clock.after(300, resolve));
        return configure(config);
      };
      return session;
    };
    w.webphone.API_Call(-1, peer.uri);
    await w.run(50);
    peer.respond(peer.last('INVITE'), 200, { sdp: sdp() });
    await w.run(100);
    expect(peer.count('ACK')).toBe(early);
    await w.run(400);
    expect(peer.count('ACK')).toBe(1);
    expect(w.states(1)).toContain('Speaking');
    peer.onRequest = (request) => void peer.respond(request, 200);
  });

  it.each([
    [1, 1],
    [0, 0],
  ])('[param:ackforauthrequest] %i: a 401 gets so many: %i', async (ackforauthrequest, count) => {
    const peer = await ringing({ ackforauthrequest });
    peer.respond(peer.last('INVITE'), 401, {
      headers: { 'WWW-Authenticate': 'Digest realm="x", nonce="1", algorithm=MD5' },
    });
    await w.run(50);
    expect(peer.count('ACK')).toBe(count);
    expect(w.states(1)).toContain('Finished');
  });
});

describe('requests of a call', () => {
  const CONTACT = '<sip:bob@10.0.0.77:5062>';
  const ROUTE = '<sip:10.0.0.88;lr>';

  it.each([
    [{ favorizecontactaddr: 0 }, ['10.0.0.9', '10.0.0.88']],
    [{ favorizecontactaddr: 1 }, ['10.0.0.9', '10.0.0.88']],
    [{ favorizecontactaddr: 2 }, ['10.0.0.77', '10.0.0.88']],
    [{ favorizecontactaddr: 3 }, ['10.0.0.77', '10.0.0.88']],
    [{ favorizecontactaddr: 4 }, ['10.0.0.77', '10.0.0.77']],
    [{ invrecoroute: 'true' }, ['10.0.0.9', '10.0.0.88']],
  ])(
    '[param:favorizecontactaddr] [param:invrecoroute] %o: without and with a proxy in the way to %o',
    async (settings, hosts) => {
      for (const [index, host] of hosts.entries()) {
        const peer = await ringing(settings);
        const headers: Record<string, string> = { Contact: CONTACT };
        if (index === 1) headers['Record-Route'] = ROUTE;
        peer.respond(peer.last('INVITE'), 200, { sdp: sdp(), headers });
        await w.run(50);
        w.webphone.API_Hangup(-1);
        await w.run(50);
        expect([...sentTo('ACK'), sentTo('BYE')[0]]).toEqual([host, host]);
        const bye = w.world.network.packets.find(({ text }) => text.startsWith('BYE '))?.text ?? '';
        expect(bye).toMatch(/^BYE sip:bob@10\.0\.0\.77:5062 /);
        expect(/^Route: /m.test(bye)).toBe(host === '10.0.0.88');
        if (index === 0) await w.end();
      }
    },
  );
});

describe('an INVITE to us', () => {
  /** What it is answered with, and after how many ms. */
  async function answers(description: string | undefined, times = 1): Promise<Array<[number, number]>> {
    const peer = w.world.peers[0];
    const before = w.world.clock.now();
    for (let i = 0; i < times; i++) {
      await peer.request(
        'INVITE',
        { uri: `sip:me@${HOST}`, host: HOST },
        { callId: `c${before}-${i}`, sdp: description },
      );
    }
    await w.run(400);
    return w.world.network.packets
      .filter(
        ({ text, from }) =>
          from.host === HOST && /^SIP\/2\.0 /.test(text) && text.includes(`Call-ID: c${before}-`),
      )
      .map(({ text, time }) => [Number(text.slice(8, 11)), Math.round(time - before)]);
  }

  it.each([
    [{ sendearlytrying: 1, sendearlytrying_treshold: 0 }, [5]],
    [{ sendearlytrying: 1 }, [205]],
    [{ sendearlytrying: 0, sendearlytrying_treshold: 0 }, [205]],
    [{ sendearlytrying: 1, sendearlytrying_treshold: 2 }, [205, 5]],
  ])(
    '[param:sendearlytrying] [param:sendearlytrying_treshold] %o: 100 goes out after %o ms',
    async (settings, after) => {
      await started({ deferincomingcall: 1, ...settings });
      const got = await answers(sdp(), after.length);
      expect(got.map(([status]) => status)).toEqual(after.map(() => 100));
      expect(got.map(([, ms]) => ms).sort()).toEqual([...after].sort());
    },
  );

  it.each([
    ['no description', undefined],
    ['no media', sdp().replace(/m=audio[\s\S]*/, '')],
    ['no address', sdp({ host: '0.0.0.0' })],
  ])('[param:enable_3pcc] 0 refuses one with %s, 2 takes it', async (_what, description) => {
    for (const [enable_3pcc, status] of [
      [0, 403],
      [2, 180],
    ]) {
      await started({ enable_3pcc });
      expect((await answers(description)).at(-1)?.[0]).toBe(status);
      if (enable_3pcc === 0) {
        expect((await answers(sdp())).at(-1)?.[0]).toBe(180);
        await w.end();
      }
    }
  });
});

describe('headers', () => {
  it('[param:alloweventsheader] stands in our INVITE and in the answer to OPTIONS', async () => {
    const peer = await ringing({ alloweventsheader: 'talk, hold' });
    expect(peer.last('INVITE').get('Allow-Events')).toBe('talk, hold');
    await peer.request('OPTIONS', { uri: `sip:me@${HOST}`, host: HOST });
    await w.run(50);
    expect(peer.answer('OPTIONS').get('Allow-Events')).toBe('talk, hold');
    peer.respond(peer.last('INVITE'), 486);
    await w.run(50);
  });

  it('[param:contenttype] is that of INFO, MESSAGE and other requests of the API; guessed without', async () => {
    for (const [contenttype, types] of [
      ['application/mydata', ['application/mydata', 'application/mydata', 'application/mydata']],
      ['', ['application/json', 'application/json', 'text/plain']],
    ] as const) {
      const peer = await ringing({ contenttype });
      peer.onRequest = (request) => request.method !== 'ACK' && void peer.respond(request, 200);
      peer.respond(peer.last('INVITE'), 200, { sdp: sdp() });
      await w.run(50);
      w.webphone.API_Info(-1, '{"a":1}');
      w.webphone.API_SendSIPMessage(-1, 'NOTIFY', '{"a":1}', '', peer.uri);
      w.webphone.API_SendChat(-1, peer.uri, '', 'hello');
      await w.run(300);
      expect(['INFO', 'NOTIFY', 'MESSAGE'].map((name) => peer.last(name).get('Content-Type'))).toEqual(types);
      if (contenttype) await w.end();
    }
  });
});

describe('calls that are refused by themselves', () => {
  it.each([0, 1])(
    '[param:hideautocall] %i: STATUS and CDR tell of them only when 0',
    async (hideautocall) => {
      w = new WebphoneWorld({ autoignore: 2, hideautocall });
      w.webphone.API_Start();
      const bob = await w.party('bob');
      await w.run();
      w.forget();
      const call = await w.called(bob);
      await w.run();
      expect(call.end?.status).toBe(480);
      const states = ['CallSetup', 'CallDisconnect', 'Finishing', 'Finished'];
      expect(w.states(1)).toEqual(hideautocall ? [] : states);
      expect(w.strings('CDR')).toHaveLength(hideautocall ? 0 : 1);
      expect(w.webphone.API_IsInCall()).toBe(0);
    },
  );
});
