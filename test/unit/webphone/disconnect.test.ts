/** How calls are ended, and how often what gets no answer is sent again: `discmode`, `maxmsgresend`. */
import { afterEach, describe, expect, it } from 'vitest';
import type { SipRequest } from '../../../src/sip/index.js';
import { type RawPeer, sdp } from '../../support/ua-harness.js';
import { HOST, WebphoneWorld } from '../../support/webphone-world.js';

const PEER = '10.0.0.9';

let w: WebphoneWorld;
let bob: RawPeer;

async function begin(settings: Readonly<Record<string, number>>): Promise<void> {
  w = new WebphoneWorld({ enablepresence: 0, ...settings });
  w.webphone.API_StartStack();
  bob = await w.world.peer('bob', PEER);
  await w.run();
}

/** We call; nobody says anything. */
async function call(): Promise<SipRequest> {
  expect(w.webphone.API_Call(1, bob.uri)).toBe(true);
  await w.run(20);
  return bob.last('INVITE');
}

const toTags = (method: string): Array<string | undefined> =>
  bob.requests.flatMap(({ message }) => (message.method === method ? [message.to.tag] : []));
/** Answers everything but INVITE. */
const obliging = (request: SipRequest): void => {
  if (request.method !== 'INVITE' && request.method !== 'ACK') bob.respond(request, 200);
};

afterEach(() => w.end());

describe('[param:discmode] hanging up', () => {
  it('2 and the default wait with CANCEL for a sign of the other side, and send it once', async () => {
    for (const settings of [{}, { discmode: 2 }] as Array<Record<string, number>>) {
      await begin(settings);
      const invite = await call();
      w.webphone.API_Hangup(1);
      await w.run(200);
      expect(bob.count('CANCEL')).toBe(0);
      bob.onRequest = obliging;
      bob.respond(invite, 180);
      await w.run(20);
      expect(bob.count('CANCEL')).toBe(1);
      await w.run(2000);
      expect([bob.count('CANCEL'), bob.count('BYE')]).toEqual([1, 0]);
      bob.respond(invite, 487);
      if (settings.discmode === undefined) await w.end();
    }
  });

  it('1 sends CANCEL at once, repeats the INVITE no more, and stopping waits for no answer', async () => {
    await begin({ discmode: 1 });
    await call();
    w.webphone.API_Hangup(1);
    await w.run(20);
    expect(bob.count('CANCEL')).toBe(1);
    bob.onRequest = obliging;
    await w.run(3000);
    expect(bob.count('INVITE')).toBe(1);
    const invite = await call();
    bob.respond(invite, 200, { sdp: sdp() });
    await w.run(100);
    // Deaf from now on.
    bob.onRequest = () => {};
    w.webphone.API_Hangup(1);
    w.webphone.API_Stop();
    await w.run(100);
    expect(bob.count('BYE')).toBe(1);
    expect(w.strings('STOP')).toHaveLength(1);
  });

  it('3 sends BYE to those who ring on after CANCEL', async () => {
    await begin({ discmode: 3 });
    const invite = await call();
    bob.onRequest = obliging;
    for (const tag of ['one', 'two', 'three']) bob.respond(invite, 180, { tag });
    await w.run(20);
    w.webphone.API_Hangup(1);
    await w.run(300);
    // One may still end it as it should.
    expect([bob.count('CANCEL'), bob.count('BYE')]).toEqual([1, 0]);
    await w.run(300);
    expect(toTags('BYE')).toEqual(['one', 'two', 'three']);
    // Somebody who rings late is told as well.
    bob.respond(invite, 180, { tag: 'four' });
    await w.run(600);
    expect(toTags('BYE')).toEqual(['one', 'two', 'three', 'four']);
    bob.respond(invite, 487, { tag: 'one' });
    await w.run(100);
    expect(bob.count('ACK')).toBe(1);
  });

  it('3 needs no BYE for who has ended the call, only for the others', async () => {
    await begin({ discmode: 3 });
    const invite = await call();
    for (const tag of ['one', 'two']) bob.respond(invite, 180, { tag });
    await w.run(20);
    bob.onRequest = (request) => {
      obliging(request);
      if (request.method === 'CANCEL') bob.respond(invite, 487, { tag: 'one' });
    };
    w.webphone.API_Hangup(1);
    await w.run(2000);
    expect([bob.count('CANCEL'), toTags('BYE')]).toEqual([1, ['two']]);
  });

  it('4 sends every CANCEL and BYE twice, as they were', async () => {
    await begin({ discmode: 4 });
    const invite = await call();
    bob.onRequest = obliging;
    bob.respond(invite, 180);
    await w.run(20);
    w.webphone.API_Hangup(1);
    await w.run(2000);
    bob.respond(invite, 487);
    await w.run(100);
    bob.respond(await call(), 200, { sdp: sdp() });
    await w.run(100);
    w.webphone.API_Hangup(1);
    await w.run(2000);
    for (const method of ['CANCEL', 'BYE']) {
      const sent = bob.requests.filter(({ message }) => message.method === method);
      expect(sent.map(({ message }) => String(message))).toEqual(Array(2).fill(String(sent[0].message)));
    }
  });
});

describe('[param:maxmsgresend] what gets no answer', () => {
  it('is repeated so often on the lines it is set for, and as RFC 3261 has it on others', async () => {
    const sent = async (given: string | undefined, permanent: number): Promise<number[]> => {
      await begin({});
      if (given !== undefined) w.webphone.API_SetLineParameter(1, 'maxmsgresend', given, permanent);
      const counts: number[] = [];
      for (let i = 0; i < 2; i++) {
        const { branch } = (await call()).topVia ?? {};
        await w.run(40_000);
        counts.push(bob.requests.filter(({ message }) => message.topVia?.branch === branch).length);
        await w.run(400_000);
      }
      await w.end();
      return counts;
    };
    expect(await sent(undefined, 0)).toEqual([7, 7]);
    expect(await sent('2', 1)).toEqual([3, 3]);
    expect(await sent('0', 1)).toEqual([1, 1]);
    // For the next call of the line only.
    expect(await sent('3', 0)).toEqual([4, 7]);
    expect(await sent('100', 1)).toEqual([7, 7]);
    await begin({});
    await w.webphone.API_SetLineParameter(1, 'maxmsgresend', '1', 1);
    const from = w.world.clock.now();
    await call();
    await w.run(1500);
    // The call has failed, and not after 32 s.
    expect(w.states(1).at(-1)).toBe('Finished');
    expect(w.world.clock.now() - from).toBeLessThan(2000);
  });

  it('is tried again so often when it is a text message, then given up', async () => {
    const attempts = async (given: string | undefined, line: number): Promise<[number, string]> => {
      await begin({});
      if (given !== undefined) w.webphone.API_SetLineParameter(line, 'maxmsgresend', given, 1);
      bob.onRequest = (request) => void bob.respond(request, 480);
      w.webphone.API_SendChat(line > 0 ? line : -1, bob.uri, '', 'are you there?', 5);
      await w.run(1000);
      for (let i = 0; i < 25; i++) {
        // A sign of life: what waits for him goes out.
        await bob.request(
          'MESSAGE',
          { uri: `sip:me@${HOST}`, host: HOST },
          {
            callId: `life-${i}`,
            headers: { 'Content-Type': 'text/plain', 'Content-Length': '0' },
          },
        );
        await w.run(10_000);
      }
      const result: [number, string] = [bob.count('MESSAGE'), w.last('CHATREPORT').split(',')[3]];
      await w.end();
      return result;
    };
    expect(await attempts(undefined, 1)).toEqual([20, '3']);
    expect(await attempts('2', 1)).toEqual([3, '3']);
    expect(await attempts('0', 1)).toEqual([1, '3']);
    // For all lines.
    expect(await attempts('4', 0)).toEqual([5, '3']);
    await begin({});
  });
});
