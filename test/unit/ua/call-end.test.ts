import { describe, expect, it } from 'vitest';
import { SwitchhookError } from '../../../src/base/errors.js';
import { CALL_CAUSES, type Call, type InviteOptions } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { mediaOf, sdp, UaWorld } from '../../support/ua-harness.js';

/** Alice calls the scripted Bob. */
async function calling(options: InviteOptions = {}) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1');
  const peer = await world.peer('bob', '10.0.0.9');
  const call = alice.agent.invite(peer.uri, options);
  await world.run(30);
  const invite = peer.last('INVITE');
  const answer = async () => {
    peer.respond(invite, 200, { sdp: sdp() });
    await world.run(30);
    peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
  };
  const cancelled = () => {
    peer.onRequest = (request) => {
      if (request.method !== 'CANCEL') return;
      peer.respond(request, 200);
      peer.respond(invite, 487);
    };
  };
  const bye = async (headers: Record<string, string> = {}) => {
    await peer.request('BYE', alice, {
      callId: invite.callId,
      fromTag: 'bob',
      toTag: invite.from.tag,
      headers,
    });
    await world.run(30);
  };
  return { world, alice, peer, call, invite, answer, cancelled, bye };
}

function summary(call: Call) {
  const { code, cause, party } = call.end ?? {};
  return [code, cause && CALL_CAUSES[cause], party];
}

describe('a phone that is closed', () => {
  it('leaves no request within a call waiting', async () => {
    const { world, alice, call, peer, answer } = await calling();
    await answer();
    peer.onRequest = () => {};
    const info = outcome(call.info('text/plain', 'anybody there?'));
    await world.run(50);
    void alice.agent.close();
    await world.run(3000);
    expect(info.text).toBe('ERR_ABORTED');
    await world.end();
  });
});

describe('how calls end', () => {
  it('[disconnect-reasons/0] code: BYE, CANCEL, the status of a refusal, or none when nothing was exchanged', async () => {
    const bye = await calling();
    await bye.answer();
    await bye.bye();
    expect(bye.call.end?.code).toBe('BYE');
    await bye.world.end();

    const cancel = await calling();
    cancel.peer.respond(cancel.invite, 180);
    await cancel.world.run(20);
    cancel.cancelled();
    void cancel.call.hangup();
    await cancel.world.run(50);
    expect(cancel.call.end?.code).toBe('CANCEL');
    await cancel.world.end();

    const refused = await calling();
    refused.peer.respond(refused.invite, 486);
    await refused.world.run(30);
    expect(refused.call.end?.code).toBe(486);
    await refused.world.end();

    const silent = await calling();
    await silent.world.run(33_000);
    expect(silent.call.end?.code).toBeUndefined();
    await silent.world.end();
  });

  it('[disconnect-reasons/1] [disconnect-reasons/2] the reason this phone knows, and who did it', async () => {
    const rows: Array<[string, () => Promise<{ world: UaWorld; call: Call }>, unknown[]]> = [
      [
        'we hang up',
        async () => {
          const all = await calling();
          await all.answer();
          void all.call.hangup();
          await all.world.run(30);
          return all;
        },
        ['BYE', 'User Hung Up', 'local'],
      ],
      [
        'the peer hangs up',
        async () => {
          const all = await calling();
          await all.answer();
          await all.bye();
          return all;
        },
        ['BYE', 'bye received', 'remote'],
      ],
      [
        'no answer at all',
        async () => {
          const all = await calling();
          await all.world.run(33_000);
          return all;
        },
        [undefined, 'no response', 'unknown'],
      ],
      [
        'it rings too long',
        async () => {
          const all = await calling({ ringTimeout: 5 });
          all.peer.respond(all.invite, 180);
          all.cancelled();
          await all.world.run(5100);
          return all;
        },
        ['CANCEL', 'ring timeout', 'unknown'],
      ],
      [
        'set-up takes too long',
        async () => {
          const all = await calling({ policies: { limits: { setup: 3 } } });
          all.peer.respond(all.invite, 183);
          all.cancelled();
          await all.world.run(3100);
          return all;
        },
        ['CANCEL', 'call setup timeout', 'unknown'],
      ],
      [
        'talk takes too long',
        async () => {
          const all = await calling({ policies: { limits: { speech: 60 } } });
          await all.answer();
          await all.world.run(60_100);
          return all;
        },
        ['BYE', 'max speech time expired', 'unknown'],
      ],
      [
        'the call takes too long',
        async () => {
          const all = await calling({ policies: { limits: { total: 60 } } });
          await all.answer();
          await all.world.run(60_100);
          return all;
        },
        ['BYE', 'max call time expired', 'unknown'],
      ],
      [
        'no audio',
        async () => {
          const all = await calling();
          await all.answer();
          mediaOf(all.alice).emit('mediaTimeout', { silentMs: 30_000 });
          await all.world.run(30);
          return all;
        },
        ['BYE', 'media timeout', 'unknown'],
      ],
      [
        'rejected while it rang',
        async () => {
          const all = await calling();
          all.peer.respond(all.invite, 180);
          await all.world.run(20);
          all.peer.respond(all.invite, 603);
          await all.world.run(20);
          return all;
        },
        [603, 'call rejected by peer', 'remote'],
      ],
      [
        'rejected at once',
        async () => {
          const all = await calling();
          all.peer.respond(all.invite, 404);
          await all.world.run(20);
          return all;
        },
        [404, 'rejected by the peer', 'remote'],
      ],
      [
        'wrong password',
        async () => {
          const all = await calling();
          all.peer.respond(all.invite, 401, {
            headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n"' },
          });
          await all.world.run(30);
          return all;
        },
        [401, 'rejected by the peer', 'remote'],
      ],
      [
        'no codec in common',
        async () => {
          const all = await calling();
          all.peer.respond(all.invite, 200, { sdp: sdp({ codec: '96' }) });
          all.peer.onRequest = (request) => request.method !== 'ACK' && all.peer.respond(request, 200);
          await all.world.run(30);
          return all;
        },
        [488, 'failed media', 'unknown'],
      ],
      [
        'a password that is wrong',
        async () => {
          const all = await calling();
          const account = all.alice.agent.addAccount({ aor: 'sip:me@10.0.0.9', password: 'x' }).account;
          const call = all.alice.agent.invite(all.peer.uri, { account });
          for (let attempt = 0; attempt < 2; attempt++) {
            await all.world.run(30);
            all.peer.respond(all.peer.last('INVITE'), 401, {
              headers: { 'WWW-Authenticate': 'Digest realm="r", nonce="n"' },
            });
          }
          await all.world.run(30);
          return { ...all, call };
        },
        [401, 'authentication failed', 'unknown'],
      ],
      [
        'no answer to a change of the session',
        async () => {
          const all = await calling();
          await all.answer();
          all.peer.onRequest = () => {};
          void all.call.hold().catch(() => {});
          await all.world.run(33_000);
          return all;
        },
        ['BYE', 'endpoint timeout', 'unknown'],
      ],
      [
        'nobody refreshes the session',
        async () => {
          const all = await calling();
          all.peer.respond(all.invite, 200, {
            sdp: sdp(),
            headers: { 'Session-Expires': '90;refresher=uas', Require: 'timer' },
          });
          await all.world.run(61_000);
          return all;
        },
        ['BYE', 'call max timer expired', 'unknown'],
      ],
      [
        'the phone is closed',
        async () => {
          const all = await calling();
          await all.answer();
          void all.alice.agent.close();
          await all.world.run(30);
          return all;
        },
        ['BYE', 'endpoint destroy', 'local'],
      ],
      [
        'no port is free for its audio',
        async () => {
          const all = await calling();
          all.alice.engine.openSession = () =>
            Promise.reject(new SwitchhookError('ERR_MEDIA_PORTS', { address: 'x', range: '' }));
          const call = all.alice.agent.invite(all.peer.uri);
          await all.world.run(30);
          return { ...all, call };
        },
        [undefined, 'cannot start media', 'unknown'],
      ],
      [
        'the peer transfers us',
        async () => {
          const all = await calling();
          all.alice.agent.configure({ policies: { endReferred: true } });
          const carol = await all.world.party('carol', '10.0.0.3');
          await all.answer();
          await all.peer.request('REFER', all.alice, {
            callId: all.invite.callId,
            fromTag: 'bob',
            toTag: all.invite.from.tag,
            headers: { 'Refer-To': `<${carol.uri}>` },
          });
          await all.world.run(100);
          void carol.calls[0].answer();
          await all.world.run(100);
          return all;
        },
        ['BYE', 'refer received', 'local'],
      ],
    ];
    for (const [name, make, expected] of rows) {
      const { world, call } = await make();
      expect([name, ...summary(call)]).toEqual([name, ...expected]);
      await world.end();
    }
  });

  it('[disconnect-reasons/1] an incoming call: rejected, cancelled, not acknowledged, and what a policy gives as its cause', async () => {
    const incoming = async () => {
      const world = new UaWorld();
      const bob = await world.party('bob', '10.0.0.2');
      const peer = await world.peer('carol', '10.0.0.9');
      peer.onRequest = (request) => request.method !== 'ACK' && peer.respond(request, 200);
      await peer.request('INVITE', bob, { sdp: sdp(), branch: 'z9hG4bK-one' });
      await world.run(20);
      return { world, bob, peer, call: bob.calls[0] };
    };
    const rejected = await incoming();
    rejected.call.reject();
    expect(summary(rejected.call)).toEqual([486, 'rejected', 'local']);
    await rejected.world.end();
    const policy = await incoming();
    policy.call.reject(486, undefined, 'reject-phone-busy');
    expect(summary(policy.call)).toEqual([486, 'rejectionphonebusy', 'local']);
    await policy.world.end();
    const cancelled = await incoming();
    await cancelled.peer.request('CANCEL', cancelled.bob, { branch: 'z9hG4bK-one' });
    await cancelled.world.run(20);
    expect(summary(cancelled.call)).toEqual(['CANCEL', 'cancel received', 'remote']);
    await cancelled.world.end();
    const silent = await incoming();
    void silent.call.answer().catch(() => {});
    await silent.world.run(33_000);
    expect(summary(silent.call).slice(1)).toEqual(['not acked connection expired', 'unknown']);
    await silent.world.end();
  });

  it('words of the peer come from Reason, else from Warning', async () => {
    const told = await calling();
    await told.answer();
    await told.bye({ Reason: 'Q.850;cause=16;text="done here"' });
    expect(told.call.end).toMatchObject({ text: 'done here', q850: 16 });
    await told.world.end();
    const warned = await calling();
    warned.peer.respond(warned.invite, 488, { headers: { Warning: '399 pbx "no such codec"' } });
    await warned.world.run(30);
    expect(warned.call.end?.text).toBe('no such codec');
    await warned.world.end();
  });

  it('every error of the media has a cause of its own', async () => {
    const { world, alice, answer, call } = await calling();
    await answer();
    mediaOf(alice).emit('ended', new SwitchhookError('ERR_MEDIA_WORKER', { why: 'x' }));
    await world.run(30);
    expect(call.end?.cause).toBe('media-failed');
    await world.end();
  });
});
