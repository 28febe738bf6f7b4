/** What `transfertype` makes of API_Transfer, seen on the wire. */
import { afterEach, describe, expect, it } from 'vitest';
import type { SipRequest } from '../../../src/sip/index.js';
import { type Party, sdp } from '../../support/ua-harness.js';
import { HOST, SERVER, WebphoneWorld } from '../../support/webphone-world.js';

let w: WebphoneWorld;
let bob: Party;
let carol: Party;

afterEach(() => w.end());

/** In a call with Bob, who is to be given to Carol. */
async function talking(transfertype: number, more: Record<string, string | number> = {}): Promise<void> {
  w = new WebphoneWorld({ transfertype, ...more });
  w.webphone.API_Start();
  bob = await w.party('bob', '10.0.0.2');
  carol = await w.party('carol', '10.0.0.3');
  await w.run();
  await w.calls(bob);
}

/** Our requests of those methods and where they went, in order, holds told from other INVITEs. */
function sent(): string[] {
  return w.world.network.packets
    .filter(({ from, text }) => from.host === HOST && /^(INVITE|REFER|BYE) /.test(text))
    .map(({ to, text }) => {
      const method = text.slice(0, text.indexOf(' '));
      const what = method === 'INVITE' && /^a=sendonly/m.test(text) ? 'hold' : method;
      return `${what} ${to.host === bob.host ? 'bob' : 'carol'}`;
    })
    .slice(1);
}

async function answered(): Promise<void> {
  const answering = carol.calls[0].answer();
  await w.run(200);
  await answering;
}

const transfer = async (): Promise<boolean> => {
  const taken = w.webphone.API_Transfer(1, carol.uri);
  await w.run(1000);
  return taken;
};

describe('API_Transfer', () => {
  it('[call-transfer/1] [param:transfertype] 0 does nothing', async () => {
    await talking(0);
    expect(await transfer()).toBe(false);
    expect(sent()).toEqual([]);
    expect(w.webphone.API_IsInCall()).toBe(2);
  });

  it('[call-transfer/2] [param:transfertype] 1 refers at once and ends our part when it is taken', async () => {
    await talking(1);
    expect(await transfer()).toBe(true);
    expect(sent()).toEqual(['REFER bob', 'BYE bob']);
    expect(carol.calls[0].state).toBe('ringing');
  });

  it.each([-1, 6])(
    '[call-transfer/0] [call-transfer/7] [param:transfertype] %i holds, refers, and ends our part when they talk',
    async (type) => {
      await talking(type);
      await transfer();
      expect(sent()).toEqual(['hold bob', 'REFER bob']);
      await answered();
      expect(sent().slice(2)).toEqual(['BYE bob']);
    },
  );

  it('[call-transfer/7] [param:transfertype] 6 takes the call back when it comes to nothing', async () => {
    await talking(6);
    await transfer();
    carol.calls[0].reject(486);
    await w.run(200);
    expect(sent()).toEqual(['hold bob', 'REFER bob', 'INVITE bob']);
    expect(w.webphone.API_IsInCall()).toBe(2);
    expect(w.webphone.API_IsOnHold(1)).toBe(0);
  });

  it.each([
    [-1, 2, 2, 1],
    [0, 2, 2, 2],
    [1, 2, 0, 0],
    [2, 2, 2, 1],
    [-1, 1, 2, 2],
    [2, 1, 2, 1],
  ] as const)(
    '[param:checksubscriptionstate] %i, with holdontransfer %i: when a transfer comes to nothing the call is %i and its hold %i',
    async (checksubscriptionstate, holdontransfer, inCall, hold) => {
      await talking(6, { checksubscriptionstate, holdontransfer });
      await transfer();
      expect(w.webphone.API_IsOnHold(1)).toBe(2);
      carol.calls[0].reject(486);
      await w.run(500);
      expect(w.webphone.API_IsInCall()).toBe(inCall);
      expect(w.webphone.API_IsOnHold(1)).toBe(hold === 1 ? 0 : hold === 2 ? 2 : -1);
    },
  );

  it('[call-transfer/8] [param:transfertype] 7 refers and leaves the call as it is', async () => {
    await talking(7);
    await transfer();
    await answered();
    expect(sent()).toEqual(['REFER bob']);
    expect(bob.calls[0].state).toBe('connected');
  });

  it('[call-transfer/6] [param:transfertype] 5 holds, calls the new party, and refers when we hang up there', async () => {
    await talking(5);
    await transfer();
    expect(sent()).toEqual(['hold bob', 'INVITE carol']);
    await answered();
    expect(sent()).toHaveLength(2);
    w.webphone.API_Hangup(2);
    await w.run(1000);
    // Off hold first: the new call has to begin with audio.
    expect(sent().slice(2, 4)).toEqual(['INVITE bob', 'REFER bob']);
    expect(refer()).toContain('Replaces=');
    expect(bob.calls[0].state).toBe('ended');
    expect(carol.agent.calls.map(({ state }) => state)).toEqual(['connected']);
  });

  it('[call-transfer/4] [param:transfertype] 3 does so without hold', async () => {
    await talking(3);
    await transfer();
    await answered();
    expect(sent()).toEqual(['INVITE carol']);
    w.webphone.API_Hangup(2);
    await w.run(1000);
    expect(sent()[1]).toBe('REFER bob');
  });

  it('[call-transfer/3] [param:transfertype] 2 refers when the new party hangs up', async () => {
    await talking(2);
    await transfer();
    await answered();
    expect(sent()).toEqual(['INVITE carol']);
    void carol.calls[0].hangup();
    await w.run(1000);
    expect(sent()[1]).toBe('REFER bob');
    expect(refer()).not.toContain('Replaces');
    expect(carol.calls[1].state).toBe('ringing');
  });

  it.each(['we', 'they'])('[call-transfer/5] [param:transfertype] 4 refers when %s hang up', async (who) => {
    await talking(4);
    await transfer();
    await answered();
    if (who === 'we') w.webphone.API_Hangup(2);
    else void carol.calls[0].hangup();
    await w.run(1000);
    expect(sent()[1]).toBe('REFER bob');
  });

  it('[call-transfer/5] [param:transfertype] 4 does not when the first party leaves', async () => {
    await talking(4);
    await transfer();
    await answered();
    void bob.calls[0].hangup();
    await w.run(1000);
    expect(sent()).toEqual(['INVITE carol']);
  });

  it('[call-transfer/9] [param:transfertype] 8 brings them together here, with nothing of the old party at first', async () => {
    await talking(8);
    await transfer();
    await answered();
    expect(sent()).toEqual(['INVITE carol']);
    const [bridge] = w.engine.bridges.filter(({ closed }) => !closed);
    expect([...bridge.joined.values()]).toEqual([{}, { muted: true }]);
    expect(bridge.members[1]).toBe(w.media(0));
    expect(bob.calls[0].state).toBe('connected');
    expect(carol.calls[0].state).toBe('connected');
  });

  it('[call-transfer/10] without a peer brings the two we talk to together', async () => {
    await talking(-1);
    expect(w.webphone.API_Transfer(1, '')).toBe(false);
    await w.calls(carol);
    expect(w.webphone.API_Transfer(1, '')).toBe(true);
    await w.run(2000);
    expect(refer()).toMatch(/Refer-To: <sip:carol@10\.0\.0\.3[^>]*\?Replaces=/);
    expect(w.webphone.API_IsInCall()).toBe(0);
    expect(bob.agent.calls.map(({ remote, state }) => [remote.user, state])).toEqual([
      ['carol', 'connected'],
    ]);
    expect(carol.agent.calls.map(({ remote, state }) => [remote.user, state])).toEqual([
      ['bob', 'connected'],
    ]);
  });

  it.each([5, 6])(
    '[call-transfer/13] %i takes the first call off hold when nobody is reached',
    async (transfertype) => {
      await talking(transfertype);
      await transfer();
      expect(w.webphone.API_IsOnHold(1)).toBe(2);
      carol.calls[0].reject(486);
      await w.run(500);
      expect(w.webphone.API_IsOnHold(1)).toBe(0);
      expect(sent().at(-1)).toBe('INVITE bob');
      expect([bob.calls[0].state, bob.calls[0].held.remote]).toEqual(['connected', false]);
    },
  );
});

describe('the settings of transfers', () => {
  /** The REFER of a call over our server, to somebody elsewhere. */
  async function referred(settings: Record<string, number>): Promise<SipRequest> {
    const account = { serveraddress: SERVER, username: 'me', password: 'x', register: 0 };
    w = new WebphoneWorld({ transfertype: 7, codec: 'pcmu', setfinalcodec: 0, ...account, ...settings });
    const registrar = await w.registrar();
    w.webphone.API_Start();
    w.webphone.API_Call(-1, 'bob');
    await w.run(100);
    registrar.others.at(-1)?.tx.reply(200, undefined, (response) => {
      response.set('Contact', `<sip:bob@${SERVER}>`);
      response.setBody(sdp(), 'application/sdp');
    });
    await w.run(100);
    expect(w.webphone.API_Transfer(1, 'sip:carol@away.test')).toBe(true);
    await w.run(500);
    const refer = registrar.others.find(({ request }) => request.method === 'REFER');
    refer?.tx.reply(202, undefined, (response) => response.set('Contact', `<sip:bob@${SERVER}>`));
    for (const { request, tx } of registrar.others) if (request.method === 'BYE') tx.reply(200);
    await w.run(100);
    return refer?.request as SipRequest;
  }

  it.each([
    [0, 'away.test'],
    [1, SERVER],
    [2, 'away.test'],
    [3, SERVER],
    [4, SERVER],
  ])(
    '[call-transfer/11] [param:useserverdomainforrefer] %i refers to somebody at %s',
    async (useserverdomainforrefer, domain) => {
      const refer = await referred({ useserverdomainforrefer });
      expect(refer.get('Refer-To')).toBe(`<sip:carol@${domain}>`);
      expect(refer.get('Referred-By')).toContain(`me@${SERVER}`);
      expect(refer.to.tag).toBeDefined();
    },
  );

  it('[call-transfer/11] [param:newdialogforrefer] REFER begins a dialog only when asked to', async () => {
    const refer = await referred({ newdialogforrefer: 1 });
    expect(refer.to.tag).toBeUndefined();
    expect(refer.get('Target-Dialog')).toBeDefined();
  });

  it.each([
    [-1, true],
    [0, false],
    [1, true],
    [2, true],
  ])(
    '[call-transfer/12] [param:transfwithreplace] %i between our calls: Replaces %s',
    async (transfwithreplace, replaces) => {
      await talking(-1, { transfwithreplace });
      await w.calls(carol);
      expect(w.webphone.API_Transfer(1, '')).toBe(true);
      await w.run(500);
      expect(refer().includes('Replaces=')).toBe(replaces);
    },
  );

  it.each([
    [0, 603, 'connected'],
    [1, 200, 'ended'],
    [2, 200, 'ended'],
    [3, 200, 'connected'],
  ])(
    '[call-transfer/12] [param:allowreplace] %i: an INVITE with Replaces gets %i, and the old call is %s',
    async (allowreplace, status, state) => {
      await talking(-1, { allowreplace, codec: 'pcmu' });
      const dave = await w.world.peer('dave', '10.0.0.9');
      dave.onRequest = (request) => request.method !== 'ACK' && dave.respond(request, 200);
      const invite = w.world.network.packets.find(({ text }) => text.startsWith('INVITE'))?.text ?? '';
      const ok =
        w.world.network.packets.find(({ text }) => /^SIP\/2.0 200.*CSeq: \d+ INVITE/s.test(text))?.text ?? '';
      const of = (name: string, text: string): string => new RegExp(`^${name}:.*`, 'm').exec(text)?.[0] ?? '';
      const callId = of('Call-ID', invite).slice(9);
      const [ours, theirs] = [of('From', ok), of('To', ok)].map((line) => /tag=([^;\s]+)/.exec(line)?.[1]);
      await dave.request(
        'INVITE',
        { uri: `sip:me@${HOST}`, host: HOST },
        {
          callId: 'takes-over',
          sdp: sdp(),
          headers: { Replaces: `${callId};to-tag=${ours};from-tag=${theirs}` },
        },
      );
      await w.run(100);
      const answer = dave.answer('INVITE');
      expect(answer.status).toBe(status);
      if (status === 200) {
        await dave.request(
          'ACK',
          { uri: `sip:me@${HOST}`, host: HOST },
          { callId: 'takes-over', toTag: answer.to.tag },
        );
        await w.run(100);
      }
      expect(bob.calls[0].state).toBe(state);
    },
  );

  it.each([
    [-1, 202, true],
    [0, 603, undefined],
    [1, 202, true],
    [2, 202, false],
    [3, 202, true],
  ])(
    '[call-transfer/12] [param:replacetype] %i: a REFER with Replaces gets %i, our INVITE has Replaces: %s',
    async (replacetype, status, replaces) => {
      w = new WebphoneWorld({ replacetype, codec: 'pcmu', setfinalcodec: 0 });
      w.webphone.API_Start();
      const peer = await w.world.peer('bob', '10.0.0.9');
      const target = await w.world.peer('carol', '10.0.0.8');
      for (const one of [peer, target])
        one.onRequest = (request) => {
          if (request.method !== 'ACK')
            one.respond(request, 200, request.method === 'INVITE' ? { sdp: sdp() } : {});
        };
      await w.run(100);
      w.webphone.API_Call(-1, peer.uri);
      await w.run(200);
      const { callId, from } = peer.last('INVITE');
      await peer.request(
        'REFER',
        { uri: `sip:me@${HOST}`, host: HOST },
        {
          callId,
          toTag: from.tag,
          headers: { 'Refer-To': `<${target.uri}?Replaces=there%40x%3Bto-tag%3D1%3Bfrom-tag%3D2>` },
        },
      );
      await w.run(300);
      expect(peer.answer('REFER').status).toBe(status);
      expect(target.count('INVITE') > 0).toBe(replaces !== undefined);
      if (replaces !== undefined)
        expect(target.last('INVITE').get('Replaces')).toBe(
          replaces ? 'there@x;to-tag=1;from-tag=2' : undefined,
        );
    },
  );
});

/** A peer who takes REFER, and reports nothing. */
describe('a peer that tells nothing of the transfer', () => {
  it.each(['resume', 'hang up'])('[call-transfer/14] leaves it to the application: %s', async (then) => {
    w = new WebphoneWorld({ transfertype: 6, codec: 'pcmu', setfinalcodec: 0 });
    w.webphone.API_Start();
    const peer = await w.world.peer('bob', '10.0.0.9');
    peer.onRequest = (request) => {
      if (request.method === 'ACK') return;
      const direction = /a=sendonly/.test(request.bodyText) ? 'recvonly' : 'sendrecv';
      const version = peer.count('INVITE');
      peer.respond(request, 200, request.method === 'INVITE' ? { sdp: sdp({ direction, version }) } : {});
    };
    await w.run(100);
    w.webphone.API_Call(-1, peer.uri);
    await w.run(200);
    expect(w.webphone.API_Transfer(-1, 'sip:carol@10.0.0.3')).toBe(true);
    await w.run(40_000);
    expect(peer.count('REFER')).toBe(1);
    expect([w.webphone.API_IsInCall(), w.webphone.API_IsOnHold(1)]).toEqual([2, 2]);
    if (then === 'resume') {
      expect(w.webphone.API_Hold(-2, false)).toBe(true);
      await w.run(200);
      expect(peer.last('INVITE').bodyText).toContain('a=sendrecv');
      expect([w.webphone.API_IsInCall(), w.webphone.API_IsOnHold(1)]).toEqual([2, 0]);
    } else {
      expect(w.webphone.API_Hangup(-1)).toBe(true);
      await w.run(200);
      expect(peer.count('BYE')).toBe(1);
      expect(w.webphone.API_IsInCall()).toBe(0);
    }
  });
});

function refer(): string {
  return w.world.network.packets.find(({ text }) => text.startsWith('REFER '))?.text ?? '';
}
