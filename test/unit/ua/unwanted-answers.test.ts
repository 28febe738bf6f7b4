/** 2xx nobody wants any more: acknowledged as RFC 3261 §13.2.2.4 has it, then ended. */
import { describe, expect, it } from 'vitest';
import { parseSdp } from '../../../src/sdp/index.js';
import type { InviteOptions } from '../../../src/ua/index.js';
import { type RawPeer, sdp, UaWorld } from '../../support/ua-harness.js';

async function dial(options: InviteOptions = {}) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1');
  const peer = await world.peer('carol', '10.0.0.9');
  const out = alice.agent.invite(peer.uri, { from: alice.uri, ...options });
  await world.run(20);
  const invite = peer.last('INVITE');
  peer.onRequest = (request) => {
    if (request.method !== 'INVITE' && request.method !== 'ACK') peer.respond(request, 200);
  };
  return { world, alice, peer, out, invite };
}

/** Kind, port and protocol of the streams in the last ACK. */
function answered(peer: RawPeer): string[] {
  const text = peer.last('ACK').bodyText;
  return text === '' ? [] : parseSdp(text).media.map((m) => `${m.kind} ${m.port} ${m.protocol}`);
}

const OFFER = sdp().replace('a=sendrecv', 'a=sendrecv\r\nm=video 40002 RTP/SAVP 96\r\na=rtpmap:96 VP8/90000');
const reliable = (rseq: number) => ({ Require: '100rel', RSeq: String(rseq) });

describe('an INVITE without offer', () => {
  it('cancelled as its 2xx comes answers the offer by refusing all streams, then says BYE', async () => {
    const { world, peer, out, invite } = await dial({ offerless: true });
    peer.respond(invite, 180);
    await world.run(20);
    void out.hangup();
    peer.respond(invite, 200, { sdp: OFFER });
    await world.run(50);
    expect(answered(peer)).toEqual(['audio 0 RTP/AVP', 'video 0 RTP/SAVP']);
    expect(peer.last('ACK').get('Content-Type')).toBe('application/sdp');
    expect([peer.count('ACK'), peer.count('BYE')]).toEqual([1, 1]);
    peer.respond(invite, 200, { sdp: OFFER });
    await world.run(50);
    expect([answered(peer).length, peer.count('ACK'), peer.count('BYE')]).toEqual([2, 2, 1]);
    await world.end();
  });

  it('whose offer has no codec of ours answers it so, then says BYE', async () => {
    const { world, peer, out, invite } = await dial({ offerless: true });
    peer.respond(invite, 200, { sdp: sdp({ codec: '97' }) });
    await world.run(50);
    expect(out.end?.error?.code).toBe('ERR_MEDIA_NO_COMMON_CODEC');
    expect(answered(peer)).toEqual(['audio 0 RTP/AVP']);
    expect(peer.count('BYE')).toBe(1);
    await world.end();
  });

  it('whose 2xx has a broken route answers the offer as well', async () => {
    const { world, peer, invite } = await dial({ offerless: true });
    peer.respond(invite, 200, { sdp: sdp(), headers: { 'Record-Route': '<<<' } });
    await world.run(50);
    expect(answered(peer)).toEqual(['audio 0 RTP/AVP']);
    expect(peer.count('BYE')).toBe(1);
    await world.end();
  });

  it('answered by a second fork refuses the streams of that one only', async () => {
    const { world, peer, out, invite } = await dial({ offerless: true });
    peer.respond(invite, 200, { tag: 'one', sdp: sdp() });
    await world.run(50);
    expect(answered(peer)[0]).toMatch(/^audio [1-9]/);
    peer.respond(invite, 200, { tag: 'two', sdp: sdp({ port: 45_000 }) });
    await world.run(50);
    expect([peer.last('ACK').to.tag, answered(peer)]).toEqual(['two', ['audio 0 RTP/AVP']]);
    expect([peer.last('BYE').to.tag, out.state]).toEqual(['two', 'connected']);
    await world.end();
  });

  it('whose offer was answered in PRACK has nothing to answer in the ACK', async () => {
    for (const winner of ['none', 'other']) {
      const { world, peer, out, invite } = await dial({ offerless: true });
      peer.respond(invite, 183, { tag: 'one', sdp: sdp(), headers: reliable(1) });
      await world.run(20);
      expect(peer.last('PRACK').bodyText).toContain('m=audio');
      if (winner === 'none') void out.hangup();
      else peer.respond(invite, 200, { tag: 'two', sdp: sdp({ port: 45_000 }) });
      await world.run(20);
      peer.respond(invite, 200, { tag: 'one', sdp: sdp() });
      await world.run(50);
      expect([winner, peer.last('ACK').to.tag, answered(peer)]).toEqual([winner, 'one', []]);
      await world.end();
    }
  });

  it('whose offer cannot be read is acknowledged without an answer', async () => {
    const { world, peer, out, invite } = await dial({ offerless: true });
    peer.respond(invite, 180);
    await world.run(20);
    void out.hangup();
    peer.respond(invite, 200, { sdp: 'nonsense' });
    await world.run(50);
    expect([peer.count('ACK'), answered(peer), peer.count('BYE')]).toEqual([1, [], 1]);
    await world.end();
  });
});

describe('the late 2xx of a fork', () => {
  it('that has had PRACKs gets a BYE whose CSeq is higher (RFC 3261 §12.2.1.1)', async () => {
    const { world, peer, invite } = await dial();
    peer.respond(invite, 180, { tag: 'two', headers: reliable(1) });
    await world.run(20);
    peer.respond(invite, 180, { tag: 'two', headers: reliable(2) });
    await world.run(20);
    const last = peer.last('PRACK').cseq.seq;
    expect(last).toBe(invite.cseq.seq + 2);
    peer.respond(invite, 200, { tag: 'one', sdp: sdp() });
    await world.run(20);
    peer.respond(invite, 200, { tag: 'two', sdp: sdp() });
    await world.run(20);
    expect(peer.last('ACK').cseq.seq).toBe(invite.cseq.seq);
    expect([peer.last('BYE').to.tag, peer.last('BYE').cseq.seq]).toEqual(['two', last + 1]);
    await world.end();
  });

  it('that 199 had given up is ended in the same way', async () => {
    const { world, peer, invite } = await dial();
    peer.respond(invite, 180, { tag: 'two', headers: reliable(1) });
    await world.run(20);
    peer.respond(invite, 199, { tag: 'two' });
    peer.respond(invite, 200, { tag: 'one', sdp: sdp() });
    await world.run(20);
    peer.respond(invite, 200, { tag: 'two', sdp: sdp() });
    await world.run(20);
    expect(peer.last('BYE').cseq.seq).toBe(invite.cseq.seq + 2);
    await world.end();
  });
});
