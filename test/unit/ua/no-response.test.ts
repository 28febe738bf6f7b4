import { describe, expect, it } from 'vitest';
import type { NoResponseReport } from '../../../src/ua/index.js';
import { outcome } from '../../support/outcome.js';
import { sdp, UaWorld } from '../../support/ua-harness.js';

async function calling(target: string) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1');
  const peer = await world.peer('carol', '10.0.0.9');
  const out = alice.agent.invite(target, { from: alice.uri });
  const reports: NoResponseReport[] = [];
  out.on('noResponse', (report) => reports.push(report));
  return { world, alice, peer, out, reports };
}

describe('a call nobody answers', () => {
  it('over UDP is told of after the third repetition, with the address, once, and goes on', async () => {
    const { world, out, reports } = await calling('sip:bob@10.0.0.77:5070');
    await world.run(3400);
    expect(reports).toEqual([]);
    await world.run(200);
    expect(reports).toEqual([
      { target: 'udp:10.0.0.77:5070', waitedMs: 3500, explanation: expect.stringMatching(/UDP.*firewalls/) },
    ]);
    expect([out.state, world.count('INVITE')]).toEqual(['trying', 4]);
    await world.run(28_000);
    expect([out.state, reports.length]).toEqual(['trying', 1]);
    await world.run(1000);
    expect(out.end).toMatchObject({ status: 408, cause: 'no-response' });
    await world.end();
  });

  it('is not told of once anything has come back, nor when it was given up', async () => {
    const { world, peer, out, reports } = await calling('sip:carol@10.0.0.9');
    peer.onRequest = (request) => {
      if (request.method === 'INVITE') peer.respond(request, 100);
    };
    await world.run(10_000);
    expect(reports).toEqual([]);
    void out.hangup();
    const other = await calling('sip:bob@10.0.0.77');
    await other.world.run(1000);
    void other.out.hangup();
    await other.world.run(10_000);
    expect(other.reports).toEqual([]);
    await other.world.end();
    await world.run(50);
    peer.respond(peer.last('CANCEL'), 200);
    peer.respond(peer.last('INVITE'), 487);
    await world.end();
  });

  it('is told of again where it was redirected to', async () => {
    const { world, peer, reports } = await calling('sip:carol@10.0.0.9');
    peer.onRequest = (request) => {
      if (request.method === 'INVITE')
        peer.respond(request, 302, { headers: { Contact: '<sip:bob@10.0.0.77>' } });
    };
    await world.run(4000);
    expect(reports.map(({ target }) => target)).toEqual(['udp:10.0.0.77:5060']);
    await world.end();
  });

  it('over a connection that is taken and stays silent is told of as well', async () => {
    const { world, peer, out, reports } = await calling('sip:carol@10.0.0.9;transport=tcp');
    await world.run(4000);
    expect(reports).toMatchObject([
      { target: 'tcp:10.0.0.9:5060', explanation: expect.stringContaining('takes connections') },
    ]);
    peer.respond(peer.last('INVITE'), 200, { sdp: sdp() });
    await world.run(100);
    expect(out.state).toBe('connected');
    peer.onRequest = (request) => void peer.respond(request, 200);
    await world.end();
  });

  it('while its server is still being looked for is told of by its address', async () => {
    const { world, alice, reports } = await calling('sip:carol@10.0.0.9');
    alice.resolver.resolve = () => new Promise(() => {});
    const out = alice.agent.invite('sip:bob@slow.example', { from: alice.uri });
    out.on('noResponse', (report) => reports.push(report));
    await world.run(4000);
    expect(reports).toContainEqual({
      target: 'sip:bob@slow.example',
      waitedMs: 3500,
      explanation: expect.stringContaining('could not be reached'),
    });
    await world.end();
  });

  it('since the connection is refused ends at once and names the address', async () => {
    const { world, out, reports } = await calling('sip:bob@10.0.0.77;transport=tcp');
    const answered = outcome(out.answered());
    await world.run(50);
    expect(answered.text).toBe('ERR_SIP_TRANSPORT');
    expect(out.end).toMatchObject({ status: 503, reason: expect.stringContaining('tcp:10.0.0.77:5060') });
    expect(reports).toEqual([]);
    await world.end();
  });
});
