import { describe, expect, it } from 'vitest';
import type { ServerHandle } from '../../../../src/sip/transaction/server-handle.js';
import { ServerInviteTransaction } from '../../../../src/sip/transaction/server-invite-transaction.js';
import { ServerNonInviteTransaction } from '../../../../src/sip/transaction/server-non-invite-transaction.js';
import type { ServerTransaction } from '../../../../src/sip/transaction/server-transaction.js';
import { type Bench, handleOf, makeBench, responseTo, wireRequest } from './harness.js';

interface Told {
  ackTimeouts: number;
  transportErrors: number;
}

function open(bench: Bench, method: string): { tx: ServerTransaction; handle: ServerHandle; told: Told } {
  const Kind = method === 'INVITE' ? ServerInviteTransaction : ServerNonInviteTransaction;
  const tx = new Kind(bench.context, wireRequest(method), bench.flow);
  const handle = handleOf(tx);
  const told = { ackTimeouts: 0, transportErrors: 0 };
  handle.onAckTimeout = () => told.ackTimeouts++;
  handle.onTransportError = () => told.transportErrors++;
  tx.watchUser();
  return { tx, handle, told };
}

/** A number: the user responds so. */
type Step = number | 'again' | 'ACK' | 'G' | 'H' | 'I' | 'L' | 'J' | 'silence' | 'error';

const DURATIONS = { G: 500, H: 32_000, I: 5000, L: 32_000, J: 32_000, silence: 200 };

function step(bench: Bench, tx: ServerTransaction, handle: ServerHandle, what: Step): void {
  if (typeof what === 'number') handle.respond(responseTo(handle.request, what));
  else if (what === 'again') tx.receive(handle.request.method);
  else if (what === 'ACK') tx.receive('ACK');
  else if (what === 'error') {
    bench.flow.failing = true;
    tx.receive(handle.request.method);
  } else bench.clock.advance(DURATIONS[what]);
}

interface Row {
  path: Step[];
  event: Step;
  state: string;
  sent?: string[];
  reliable?: boolean;
}

const inviteRows: Record<string, Row[]> = {
  proceeding: [
    { path: [], event: 'again', state: 'proceeding' },
    { path: [], event: 'silence', state: 'proceeding', sent: ['100'] },
    { path: [180], event: 'silence', state: 'proceeding' },
    { path: [], event: 100, state: 'proceeding', sent: ['100'] },
    { path: [], event: 180, state: 'proceeding', sent: ['180'] },
    { path: [180], event: 183, state: 'proceeding', sent: ['183'] },
    { path: [180], event: 'again', state: 'proceeding', sent: ['180'] },
    { path: [180, 183], event: 'again', state: 'proceeding', sent: ['183'] },
    { path: [180], event: 200, state: 'accepted', sent: ['200'] },
    { path: [180], event: 486, state: 'completed', sent: ['486'] },
    { path: [180], event: 302, state: 'completed', sent: ['302'] },
    { path: [180], event: 'ACK', state: 'proceeding' },
    { path: [180], event: 'error', state: 'proceeding', sent: ['180'] },
  ],
  completed: [
    { path: [486], event: 'again', state: 'completed', sent: ['486'] },
    { path: [486], event: 'G', state: 'completed', sent: ['486'] },
    { path: [486], event: 'G', state: 'completed', sent: [], reliable: true },
    { path: [486], event: 180, state: 'completed' },
    { path: [486], event: 200, state: 'completed' },
    { path: [486], event: 'ACK', state: 'confirmed' },
    { path: [486], event: 'H', state: 'terminated', reliable: true },
    { path: [486], event: 'error', state: 'completed', sent: ['486'] },
  ],
  confirmed: [
    { path: [486, 'ACK'], event: 'again', state: 'confirmed' },
    { path: [486, 'ACK'], event: 'ACK', state: 'confirmed' },
    { path: [486, 'ACK'], event: 200, state: 'confirmed' },
    { path: [486, 'ACK'], event: 'G', state: 'confirmed' },
    { path: [486, 'ACK'], event: 'I', state: 'terminated' },
    { path: [486, 'ACK'], event: 'I', state: 'terminated', reliable: true },
  ],
  accepted: [
    { path: [200], event: 'again', state: 'accepted' },
    { path: [200], event: 200, state: 'accepted', sent: ['200'] },
    { path: [200], event: 486, state: 'accepted' },
    { path: [200], event: 'ACK', state: 'accepted' },
    { path: [200], event: 'G', state: 'accepted' },
    { path: [200], event: 'L', state: 'terminated' },
    { path: [200], event: 'L', state: 'terminated', reliable: true },
  ],
  terminated: [
    { path: [200, 'L'], event: 200, state: 'terminated' },
    { path: [200, 'L'], event: 'again', state: 'terminated' },
  ],
};

const otherRows: Record<string, Row[]> = {
  trying: [
    { path: [], event: 'again', state: 'trying' },
    { path: [], event: 'silence', state: 'trying' },
    { path: [], event: 183, state: 'trying' },
    { path: [], event: 100, state: 'trying' },
    { path: [], event: 100, state: 'proceeding', sent: ['100'], reliable: true },
    { path: [], event: 200, state: 'completed', sent: ['200'] },
    { path: [], event: 404, state: 'completed', sent: ['404'] },
    { path: [], event: 408, state: 'terminated' },
  ],
  proceeding: [
    { path: [100], event: 'again', state: 'proceeding', sent: ['100'], reliable: true },
    { path: [100], event: 183, state: 'proceeding', reliable: true },
    { path: [100], event: 200, state: 'completed', sent: ['200'], reliable: true },
  ],
  completed: [
    { path: [200], event: 'again', state: 'completed', sent: ['200'] },
    { path: [200], event: 500, state: 'completed' },
    { path: [200], event: 100, state: 'completed' },
    { path: [200], event: 'error', state: 'completed', sent: ['200'] },
    { path: [200], event: 'J', state: 'terminated' },
  ],
  terminated: [{ path: [200, 'J'], event: 200, state: 'terminated' }],
};

function runRows(method: string, rows: Record<string, Row[]>): void {
  for (const [from, list] of Object.entries(rows)) {
    for (const { path, event, state, sent = [], reliable = false } of list) {
      it(`${from} (${path.join(', ')}) + ${event} → ${state}${reliable ? ' (TCP)' : ''}`, () => {
        const bench = makeBench(reliable);
        const { tx, handle } = open(bench, method);
        for (const what of path) step(bench, tx, handle, what);
        expect(tx.state).toBe(from);
        bench.flow.take();
        step(bench, tx, handle, event);
        expect(tx.state).toBe(state);
        expect(bench.flow.take()).toEqual(sent);
        expect(bench.ended).toEqual(tx.state === 'terminated' ? [tx] : []);
        expect(bench.context.load.pending).toBe(tx.handle ? 1 : 0);
        if (tx.state === 'terminated') expect(bench.clock.pending).toBe(0);
      });
    }
  }
}

describe('INVITE server transaction', () => {
  describe('every transition', () => runRows('INVITE', inviteRows));

  it('repeats a refusal at T1, doubling up to T2, until timer H, and says that no ACK came (G, H)', () => {
    const bench = makeBench();
    const { tx, handle, told } = open(bench, 'INVITE');
    handle.reply(486);
    const times: number[] = [];
    for (let i = 0; i < 32_000; i += 500) {
      if (bench.flow.take().length > 0) times.push(bench.clock.now());
      bench.clock.advance(500);
    }
    expect(times).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect(told.ackTimeouts).toBe(1);
    expect(tx.state).toBe('terminated');
  });

  it('serialises a repeated 2xx once', () => {
    const bench = makeBench();
    const { handle } = open(bench, 'INVITE');
    const response = handle.reply(200);
    response.reason = 'Changed';
    handle.respond(response);
    expect(new Set(bench.flow.texts).size).toBe(1);
    expect(bench.flow.texts).toHaveLength(2);
  });

  it('gives all responses but 100 the same To tag, and a Server', () => {
    const bench = makeBench();
    const { handle } = open(bench, 'INVITE');
    expect(handle.reply(100).to.tag).toBeUndefined();
    expect(handle.reply(180).to.tag).toBe(handle.toTag);
    expect(handle.reply(486).to.tag).toBe(handle.toTag);
    expect(bench.flow.texts[2]).toContain('Server: test\r\n');
  });

  it('takes the tag of the request within a dialog, and that of the first response given to it', () => {
    const bench = makeBench();
    const within = new ServerInviteTransaction(
      bench.context,
      wireRequest('INVITE', { To: '<sip:bob@b.example>;tag=known' }),
      bench.flow,
    );
    expect(handleOf(within).reply(200).to.tag).toBe('known');
    const { handle } = open(bench, 'INVITE');
    handle.respond(responseTo(handle.request, 180, 'chosen'));
    expect(handle.reply(200).to.tag).toBe('chosen');
  });

  it('tells of transport errors and goes on (RFC 6026)', () => {
    const bench = makeBench();
    const { tx, handle, told } = open(bench, 'INVITE');
    bench.flow.failing = true;
    handle.reply(200);
    expect(told.transportErrors).toBe(1);
    expect(tx.state).toBe('accepted');
  });

  it('leaves nothing behind when terminated early', () => {
    const bench = makeBench();
    const { tx } = open(bench, 'INVITE');
    tx.terminate();
    expect(bench.clock.pending).toBe(0);
    expect(bench.context.load.pending).toBe(0);
  });
});

describe('non-INVITE server transaction', () => {
  describe('every transition', () => runRows('OPTIONS', otherRows));

  it('sends 100 when the client has slowed down to T2 (RFC 4320)', () => {
    const bench = makeBench();
    const { tx } = open(bench, 'OPTIONS');
    bench.clock.advance(3499);
    expect(bench.flow.take()).toEqual([]);
    bench.clock.advance(1);
    expect(bench.flow.take()).toEqual(['100']);
    expect(tx.state).toBe('proceeding');
    tx.receive('OPTIONS');
    expect(bench.flow.take()).toEqual(['100']);
  });

  it('ends at once over TCP (J = 0)', () => {
    const bench = makeBench(true);
    const { tx, handle } = open(bench, 'OPTIONS');
    handle.reply(200);
    bench.clock.advance(0);
    expect(tx.state).toBe('terminated');
  });
});
