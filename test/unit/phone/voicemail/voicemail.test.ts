import { describe, expect, it } from 'vitest';
import type { VoicemailMode, VoicemailState } from '../../../../src/phone/index.js';
import type { SipRequest } from '../../../../src/sip/index.js';
import { FakeRegistrar } from '../../../support/fake-registrar.js';
import { PhoneWorld } from '../../../support/phone-world.js';

const SERVER = '10.0.0.100';
const BODY = 'Messages-Waiting: yes\r\nMessage-Account: sip:5001@10.0.0.100\r\nVoice-Message: 3/0\r\n';

async function setUp(mode?: VoicemailMode, number?: string) {
  const world = new PhoneWorld();
  const registrar = await FakeRegistrar.start(world, SERVER);
  const alice = world.phone('10.0.0.1', { server: SERVER, username: '1111', voicemail: { mode, number } });
  const notices: VoicemailState[] = [];
  alice.voicemail.on('change', (state) => notices.push(state));
  const server = await world.peer('server', '10.0.0.101');
  const unsolicited = async (body = BODY, callId = 'unasked'): Promise<number> => {
    await server.request('NOTIFY', { uri: 'sip:1111@10.0.0.1', host: '10.0.0.1' } as never, {
      callId,
      headers: { Event: 'message-summary', 'Subscription-State': 'active' },
      sdp: body,
      contentType: 'application/simple-message-summary',
    });
    await world.run(50);
    return server.answer('NOTIFY').status;
  };
  const subscribes = (): SipRequest[] =>
    registrar.others.map(({ request }) => request).filter(({ method }) => method === 'SUBSCRIBE');
  const register = (): Promise<void> => world.soon(alice.register());
  return { world, registrar, alice, notices, unsolicited, subscribes, register };
}

describe('message waiting', () => {
  it('[mwi/0] a notice tells whether messages wait, the number to call, whose they are, how many, and the words of the server', async () => {
    const { world, notices, unsolicited, register, alice } = await setUp();
    await register();
    expect(await unsolicited()).toBe(200);
    expect(notices).toMatchObject([{ waiting: true, number: '5001', to: '1111', count: 3, message: '3/0' }]);
    expect(alice.voicemail.state).toBe(notices[0]);
    expect(await unsolicited('Messages-Waiting: no\r\n', 'second')).toBe(200);
    expect(notices[1]).toMatchObject({ waiting: false, number: undefined, count: 0, message: '' });
    expect(await unsolicited('<xml/>', 'third')).toBe(481);
    expect(notices).toHaveLength(2);
    await world.end();
  });

  it('the number of the options is told when the server names none', async () => {
    const { world, notices, unsolicited, register } = await setUp('unsolicited', '*97');
    await register();
    await unsolicited('Messages-Waiting: yes\r\nVoice-Message: 1/2 (1/0)\r\n');
    expect(notices).toMatchObject([
      { number: '*97', count: 1, message: '1/2 (1/0)', voice: { old: 2, urgentNew: 1 } },
    ]);
    await world.end();
  });

  it('[mwi/1] subscribes as told: never, when nothing comes unasked, after registration, at the start, on request', async () => {
    for (const [mode, atStart, afterRegistration, later] of [
      ['off', 0, 0, 0],
      ['unsolicited', 0, 0, 0],
      ['auto', 0, 0, 1],
      ['registered', 0, 1, 1],
      ['start', 1, 1, 1],
    ] as const) {
      const { world, alice, subscribes, unsolicited, register } = await setUp(mode);
      await alice.start();
      await world.run(50);
      expect([mode, subscribes().length]).toEqual([mode, atStart]);
      await register();
      expect([mode, subscribes().length]).toEqual([mode, afterRegistration]);
      await world.run(11_000);
      expect([mode, subscribes().length]).toEqual([mode, later]);
      expect(await unsolicited()).toBe(mode === 'off' ? 481 : 200);
      if (later === 0 && mode !== 'off') {
        await world.soon(alice.voicemail.check());
        expect(subscribes()).toHaveLength(1);
        expect(subscribes()[0].get('Event')).toBe('message-summary');
        expect(subscribes()[0].get('Accept')).toBe('application/simple-message-summary');
      }
      await world.end();
    }
  });

  it('[mwi/1] a server that notifies unasked is not subscribed to', async () => {
    const { world, subscribes, unsolicited, register } = await setUp('auto');
    await register();
    await unsolicited();
    await world.run(60_000);
    expect(subscribes()).toEqual([]);
    await world.end();
  });

  it('of an account that is removed is not asked for any more, of one that is there after a restart again', async () => {
    const { world, alice, subscribes, register } = await setUp('auto');
    const second = (await alice.addAccount({ aor: `sip:2222@${SERVER}` })).account;
    await register();
    await world.run(50);
    await world.soon(alice.removeAccount(second));
    await world.run(11_000);
    const asked = (): unknown[] => subscribes().map(({ to, expires }) => [to.uri.toString(), expires]);
    expect(asked()).toEqual([[`sip:1111@${SERVER}`, 3600]]);
    await world.soon(alice.restart(), 3000);
    await world.run(11_000);
    expect(asked().at(-1)).toEqual([`sip:1111@${SERVER}`, 3600]);
    expect(new Set(subscribes().map(({ callId }) => callId)).size).toBe(2);
    await world.end();
  });

  it('takes the notices of a subscription', async () => {
    const { world, registrar, alice, notices, register } = await setUp('registered');
    await register();
    const { request, tx } = registrar.others.find(
      (other) => other.request.method === 'SUBSCRIBE',
    ) as never as {
      request: SipRequest;
      tx: {
        reply(
          status: number,
          reason?: string,
          init?: (response: { set(n: string, v: unknown): void }) => void,
        ): void;
      };
    };
    tx.reply(200, undefined, (response) => {
      response.set('Expires', 600);
      response.set('Contact', '<sip:vm@10.0.0.101>');
    });
    await world.run(20);
    const server = world.peers[0];
    await server.request('NOTIFY', { uri: 'sip:1111@10.0.0.1', host: '10.0.0.1' } as never, {
      callId: request.callId,
      toTag: request.from.tag,
      headers: { Event: 'message-summary', 'Subscription-State': 'active;expires=600' },
      sdp: BODY,
      contentType: 'application/simple-message-summary',
    });
    await world.run(50);
    expect(server.answer('NOTIFY').status).toBe(200);
    expect(notices).toMatchObject([{ count: 3, to: '1111' }]);
    alice.voicemail.unsubscribe();
    await world.run(50);
    await world.end();
  });
});
