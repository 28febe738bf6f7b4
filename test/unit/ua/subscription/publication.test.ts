import { describe, expect, it } from 'vitest';
import type { SipRequest } from '../../../../src/sip/index.js';
import { UaWorld } from '../../../support/ua-harness.js';

async function setUp(script: Array<number | { status: number; headers: Record<string, string> }> = []) {
  const world = new UaWorld();
  const alice = await world.party('alice', '10.0.0.1');
  const peer = await world.peer('alice', '10.0.0.9');
  let tags = 0;
  peer.onRequest = (request) => {
    const next = script.shift() ?? 200;
    const { status, headers } = typeof next === 'number' ? { status: next, headers: {} } : next;
    if (status === 0) return;
    const ok = { 'SIP-ETag': `tag-${++tags}`, Expires: String(request.expires) };
    peer.respond(request, status, { headers: status < 300 ? { ...ok, ...headers } : headers });
  };
  const publication = alice.agent.publish('presence', {
    from: peer.uri,
    body: 'one',
    contentType: 'application/pidf+xml',
    expires: 600,
  });
  const phases: string[] = [];
  publication.on('state', (phase) => phases.push(phase));
  await world.run(50);
  const seen = (): string[] =>
    peer.requests.map(({ message }: { message: SipRequest }) =>
      [message.get('Expires'), message.get('SIP-If-Match') ?? '-', message.bodyText].join(' ').trim(),
    );
  return { world, alice, peer, publication, phases, seen, script };
}

describe('a publication (RFC 3903)', () => {
  it('is refreshed without body, modified, and removed, each time under the last tag', async () => {
    const { world, publication, phases, seen, peer } = await setUp();
    await world.run(590_000);
    publication.update('two');
    await world.run(50);
    publication.close();
    await world.run(50);
    expect(seen()).toEqual(['600 - one', '600 tag-1', '600 tag-2 two', '0 tag-3']);
    expect(phases).toEqual(['published', 'publishing', 'published', 'ended']);
    expect(peer.last('PUBLISH').get('Event')).toBe('presence');
    await world.end();
  });

  it('412 publishes the whole anew, 423 with the lifetime wanted', async () => {
    const { world, publication, seen, script } = await setUp([
      { status: 423, headers: { 'Min-Expires': '1200' } },
    ]);
    expect(seen()).toEqual(['600 - one', '1200 - one']);
    script.push(412);
    publication.update('two');
    await world.run(50);
    expect(seen().slice(2)).toEqual(['1200 tag-2 two', '1200 - two']);
    await world.end();
  });

  it('a server that takes no PUBLISH ends it, one that is down is tried again', async () => {
    const refused = await setUp([405]);
    expect(refused.publication.phase).toBe('ended');
    expect(refused.publication.error).toMatchObject({ code: 'ERR_PUBLICATION', details: { status: 405 } });
    expect(refused.alice.agent.counters.subscriptions).toBe(0);
    await refused.world.end();
    const down = await setUp([503]);
    expect(down.publication.phase).toBe('waiting');
    await down.world.run(70_000);
    expect(down.seen()).toEqual(['600 - one', '600 - one']);
    expect(down.publication.phase).toBe('published');
    await down.world.end();
  });

  it('changes made while one is on its way are sent together, one after the other', async () => {
    const { world, publication, seen } = await setUp();
    publication.update('two');
    publication.update('three');
    publication.update('four');
    await world.run(50);
    expect(seen()).toEqual(['600 - one', '600 tag-1 two', '600 tag-2 four']);
    await world.end();
  });
});
