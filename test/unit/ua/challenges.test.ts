/** Challenges within calls (RFC 3261 §22): every request is answered for, the CSeq only grows, ACK and CANCEL ask for nothing. */
import { describe, expect, it } from 'vitest';
import type { SipRequest } from '../../../src/sip/index.js';
import { outcome } from '../../support/outcome.js';
import { sdp, UaWorld } from '../../support/ua-harness.js';

const CHALLENGE = 'Digest realm="x", nonce="n", algorithm=MD5, qop="auth"';

/** Carol asks for credentials for every request but ACK and CANCEL; `fresh` with a new nonce each time. */
async function strictCarol(fresh = false) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1');
  const { account } = alice.agent.addAccount({ aor: 'sip:alice@10.0.0.9', password: 'secret' });
  const peer = await world.peer('carol', '10.0.0.9');
  let nonce = 0;
  const behave = { invite: (request: SipRequest): void => void peer.respond(request, 200, { sdp: sdp() }) };
  peer.onRequest = (request) => {
    const { method } = request;
    if (method === 'ACK') return;
    if (method === 'CANCEL') return void peer.respond(request, 200);
    const [credentials] = request.proxyAuthorization;
    if (!credentials || (fresh && credentials.nonce !== `n${nonce}`)) {
      const stale = credentials ? ', stale=true' : '';
      const value = CHALLENGE.replace('"n"', `"n${++nonce}"`) + stale;
      peer.respond(request, 407, { headers: { 'Proxy-Authenticate': value } });
    } else if (method === 'INVITE') behave.invite(request);
    else peer.respond(request, 200, method === 'UPDATE' ? { sdp: sdp({ version: 3 }) } : {});
  };
  const out = alice.agent.invite(peer.uri, { account });
  return { world, alice, peer, out, behave };
}

describe('challenges', () => {
  it('are answered in INVITE, PRACK, re-INVITE, UPDATE, INFO and BYE; the CSeq only grows', async () => {
    for (const fresh of [false, true]) {
      const { world, peer, out, behave } = await strictCarol(fresh);
      behave.invite = (request) => {
        if (request.to.tag !== undefined)
          return void peer.respond(request, 200, { sdp: sdp({ version: 2 }) });
        peer.respond(request, 183, { sdp: sdp(), headers: { Require: '100rel', RSeq: '1' } });
      };
      await world.run(100);
      expect(peer.last('PRACK').has('Proxy-Authorization')).toBe(true);
      peer.respond(peer.last('INVITE'), 200, { headers: { Allow: 'INVITE, ACK, BYE, UPDATE, INFO' } });
      await world.run(100);
      expect(out.state).toBe('connected');
      const steps = [out.hold(), out.info('text/plain', 'x'), out.resume({ method: 'update' })].map((one) =>
        outcome(one),
      );
      await world.run(500);
      expect(steps.map(({ text }) => text)).toEqual(['done', 'done', 'done']);
      expect(peer.last('UPDATE').has('Proxy-Authorization')).toBe(true);
      void out.hangup();
      await world.run(100);
      expect(peer.last('BYE').has('Proxy-Authorization')).toBe(true);
      const inDialog = peer.requests
        .map(({ message }) => message)
        .filter(({ method }) => method !== 'ACK')
        .map(({ cseq }) => cseq.seq);
      expect(inDialog).toEqual([...inDialog].sort((a, b) => a - b));
      expect(new Set(inDialog).size).toBe(inDialog.length);
      await world.end();
    }
  });

  it('the ACK of a 2xx repeats the credentials of its INVITE, that of a 407 is none of its business', async () => {
    const { world, peer, out } = await strictCarol();
    await world.run(100);
    expect(out.state).toBe('connected');
    const acks = peer.requests.map(({ message }) => message).filter(({ method }) => method === 'ACK');
    const invites = peer.requests.map(({ message }) => message).filter(({ method }) => method === 'INVITE');
    expect(acks.map(({ cseq }) => cseq.seq)).toEqual(invites.map(({ cseq }) => cseq.seq));
    expect(acks.at(-1)?.get('Proxy-Authorization')).toBe(invites.at(-1)?.get('Proxy-Authorization'));
    expect(acks[0].topVia?.branch).toBe(invites[0].topVia?.branch);
    expect(acks.at(-1)?.topVia?.branch).not.toBe(invites.at(-1)?.topVia?.branch);
    void out.hangup();
    await world.run(100);
    await world.end();
  });

  it('a CANCEL is sent as its INVITE was, and no challenge of it is answered', async () => {
    const { world, peer, out, behave } = await strictCarol();
    behave.invite = (request) => void peer.respond(request, 180);
    await world.run(100);
    const before = peer.onRequest;
    peer.onRequest = (request, flow) => {
      if (request.method !== 'CANCEL') return before(request, flow);
      peer.respond(request, 407, { headers: { 'Proxy-Authenticate': CHALLENGE } });
      peer.respond(peer.last('INVITE'), 487);
    };
    void out.hangup();
    await world.run(500);
    const cancel = peer.last('CANCEL');
    const invite = peer.last('INVITE');
    expect([cancel.cseq.seq, cancel.topVia?.branch, cancel.uri.toString()]).toEqual([
      invite.cseq.seq,
      invite.topVia?.branch,
      invite.uri.toString(),
    ]);
    expect([peer.count('CANCEL'), out.end?.status]).toEqual([1, 487]);
    await world.end();
  });
});
