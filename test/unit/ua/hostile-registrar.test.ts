/** A registrar that answers anything, or nothing: no storm, no spinning, and nothing is left. Each run is decided by its seed. */
import { describe, expect, it } from 'vitest';
import { createLogger, formatLogRecord } from '../../../src/base/logger.js';
import { SeededRandom } from '../../../src/base/random.js';
import { outcome } from '../../support/outcome.js';
import { eachSeed, seeds } from '../../support/seeds.js';
import { UaWorld } from '../../support/ua-harness.js';

const STATUSES = [
  0, 0, 100, 200, 200, 200, 202, 302, 400, 401, 401, 403, 407, 408, 420, 423, 423, 430, 439, 480, 500, 503,
  503, 600,
];
const HEADERS: ReadonlyArray<Record<string, string>> = [
  {},
  {},
  { Expires: '60' },
  { Expires: '0' },
  { Expires: '4294967295' },
  { Expires: 'x' },
  { 'Min-Expires': '1200' },
  { 'Min-Expires': '-1' },
  { 'Retry-After': '1' },
  { 'Retry-After': '4294967295' },
  { 'Retry-After': '(' },
  { 'WWW-Authenticate': 'Digest realm="x", nonce="n", qop="auth"' },
  { 'WWW-Authenticate': 'Digest realm="x", nonce="n", stale=true' },
  { 'WWW-Authenticate': 'Basic realm="x"' },
  { 'Proxy-Authenticate': 'Digest realm="y", nonce="m", algorithm=SHA-256' },
  { 'Service-Route': '<sip:10.0.0.9;lr>' },
  { 'Service-Route': ',' },
  { Contact: '*' },
  { Contact: '<<' },
  { Contact: '<sip:alice@10.0.0.1:5060>;expires=1' },
  { 'Flow-Timer': '1' },
  { Require: 'outbound' },
];

async function chaos(seed: number): Promise<{ errors: string[]; registered: number }> {
  const world = new UaWorld(seed);
  const random = new SeededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.float() * list.length)];
  const errors: string[] = [];
  const logger = createLogger({
    level: 'error',
    sink: (record) => errors.push(`seed ${seed}: ${formatLogRecord(record)}`),
  });
  const alice = await world.party('alice', '10.0.0.1', { logger });
  const peer = await world.peer('carol', '10.0.0.9');
  const transport = pick(['udp', 'tcp'] as const);
  const registration = alice.agent.addAccount({
    aor: 'sip:alice@10.0.0.9',
    password: pick(['secret', undefined]),
    transport,
    expires: pick([60, 600]),
    registration: { gruu: pick([true, false]), contact: pick(['public', 'local', 'onFailure'] as const) },
  });
  let registered = 0;
  registration.on('state', (state) => {
    if (state === 'registered') registered++;
  });
  peer.onRequest = (request) => {
    if (random.float() < 0.3) peer.respond(request, 200);
    else {
      const status = pick(STATUSES);
      if (status > 0) peer.respond(request, status, { headers: { ...pick(HEADERS), ...pick(HEADERS) } });
    }
  };
  for (let step = 0; step < 25; step++) {
    const before = peer.count('REGISTER');
    const actions = [
      () => outcome(registration.register()),
      () => outcome(registration.register()),
      () => outcome(registration.refresh('test')),
      () => outcome(registration.unregister()),
      () => alice.agent.networkChanged('test'),
      () => peer.transport.breakConnections(),
      () => registration.serverLost(),
    ];
    pick(actions)();
    const ms = pick([1, 100, 5000, 60_000, 600_000]);
    await world.run(ms);
    // Repetitions of one request over UDP, an answer to a challenge, a minimum, a move behind a NAT: no more at a time.
    expect(peer.count('REGISTER') - before).toBeLessThan(60 + ms / 400);
  }
  peer.onRequest = (request) => void peer.respond(request, 200);
  await world.end();
  return { errors, registered };
}

describe('a registrar that answers anything', () => {
  it('breaks nothing, and nothing is left', async () => {
    const runs = await eachSeed(seeds(60), chaos);
    expect(runs.flatMap(({ errors }) => errors)).toEqual([]);
    const registered = runs.reduce((sum, run) => sum + run.registered, 0);
    expect(registered).toBeGreaterThan(runs.length);
  });
});
