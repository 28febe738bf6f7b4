import { describe, expect, it } from 'vitest';
import { ClientInviteTransaction } from '../../../../src/sip/transaction/client-invite-transaction.js';
import { ClientNonInviteTransaction } from '../../../../src/sip/transaction/client-non-invite-transaction.js';
import { type Bench, makeBench, responseTo, wireRequest } from './harness.js';

function startInvite(bench: Bench): ClientInviteTransaction {
  const request = wireRequest('INVITE');
  const tx = new ClientInviteTransaction(bench.context, request, request.toBytes(), bench.flow, bench.user);
  tx.start();
  return tx;
}

function startOther(bench: Bench): ClientNonInviteTransaction {
  const request = wireRequest('OPTIONS');
  const tx = new ClientNonInviteTransaction(
    bench.context,
    request,
    request.toBytes(),
    bench.flow,
    bench.user,
  );
  tx.start();
  return tx;
}

/** What may happen to a client transaction. */
type Step = number | 'B' | 'D' | 'M' | 'F' | 'K' | 'error' | 'closed';

function step(bench: Bench, tx: ClientInviteTransaction | ClientNonInviteTransaction, what: Step): void {
  if (typeof what === 'number') tx.receive(responseTo(tx.request, what));
  else if (what === 'closed') bench.flow.close();
  else if (what === 'error') {
    // The next retransmission fails.
    bench.flow.failing = true;
    bench.clock.advance(4000);
  } else bench.clock.advance(what === 'K' ? 5000 : 32_000);
}

interface Row {
  /** How to get into the state. */
  path: Step[];
  event: Step;
  state: string;
  /** What goes out because of the event. */
  sent?: string[];
  /** What the user hears because of the event. */
  told?: string[];
  reliable?: boolean;
}

const inviteRows: Record<string, Row[]> = {
  calling: [
    { path: [], event: 100, state: 'proceeding', told: ['100'] },
    { path: [], event: 180, state: 'proceeding', told: ['180'] },
    { path: [], event: 200, state: 'accepted', told: ['200'] },
    { path: [], event: 302, state: 'completed', told: ['302'], sent: ['ACK'] },
    { path: [], event: 486, state: 'completed', told: ['486'], sent: ['ACK'] },
    { path: [], event: 'error', state: 'terminated', told: ['transport error'], sent: ['INVITE'] },
    { path: [], event: 'B', state: 'terminated', told: ['timeout'], reliable: true },
    { path: [], event: 'closed', state: 'terminated', told: ['transport error'], reliable: true },
  ],
  proceeding: [
    { path: [100], event: 180, state: 'proceeding', told: ['180'] },
    { path: [180], event: 200, state: 'accepted', told: ['200'] },
    { path: [180], event: 603, state: 'completed', told: ['603'], sent: ['ACK'] },
    { path: [180], event: 'B', state: 'proceeding' },
    { path: [180], event: 'closed', state: 'proceeding', reliable: true },
  ],
  completed: [
    { path: [486], event: 486, state: 'completed', sent: ['ACK'] },
    { path: [486], event: 500, state: 'completed', sent: ['ACK'] },
    { path: [486], event: 180, state: 'completed' },
    { path: [486], event: 200, state: 'completed' },
    { path: [486], event: 'D', state: 'terminated' },
    { path: [486], event: 'D', state: 'terminated', reliable: true },
  ],
  accepted: [
    { path: [200], event: 200, state: 'accepted', told: ['200'] },
    { path: [200], event: 180, state: 'accepted' },
    { path: [200], event: 486, state: 'accepted' },
    { path: [200], event: 'M', state: 'terminated' },
    { path: [200], event: 'closed', state: 'accepted', reliable: true },
  ],
  terminated: [
    { path: ['B'], event: 200, state: 'terminated' },
    { path: ['B'], event: 486, state: 'terminated' },
  ],
};

const otherRows: Record<string, Row[]> = {
  trying: [
    { path: [], event: 100, state: 'proceeding', told: ['100'] },
    { path: [], event: 200, state: 'completed', told: ['200'] },
    { path: [], event: 404, state: 'completed', told: ['404'] },
    { path: [], event: 'error', state: 'terminated', told: ['transport error'], sent: ['OPTIONS'] },
    { path: [], event: 'F', state: 'terminated', told: ['timeout'], reliable: true },
    { path: [], event: 'closed', state: 'terminated', told: ['transport error'], reliable: true },
  ],
  proceeding: [
    { path: [100], event: 100, state: 'proceeding', told: ['100'] },
    { path: [100], event: 200, state: 'completed', told: ['200'] },
    { path: [100], event: 500, state: 'completed', told: ['500'] },
    { path: [100], event: 'error', state: 'terminated', told: ['transport error'], sent: ['OPTIONS'] },
    { path: [100], event: 'F', state: 'terminated', told: ['timeout'], reliable: true },
    { path: [100], event: 'closed', state: 'terminated', told: ['transport error'], reliable: true },
  ],
  completed: [
    { path: [200], event: 100, state: 'completed' },
    { path: [200], event: 200, state: 'completed' },
    { path: [200], event: 500, state: 'completed' },
    { path: [200], event: 'K', state: 'terminated' },
    { path: [200], event: 'closed', state: 'completed', reliable: true },
  ],
  terminated: [{ path: [200, 'K'], event: 200, state: 'terminated' }],
};

function runRows(
  rows: Record<string, Row[]>,
  start: (bench: Bench) => ClientInviteTransaction | ClientNonInviteTransaction,
): void {
  for (const [from, list] of Object.entries(rows)) {
    for (const { path, event, state, sent = [], told = [], reliable = false } of list) {
      it(`${from} + ${event} → ${state}${reliable ? ' (TCP)' : ''}`, () => {
        const bench = makeBench(reliable);
        const tx = start(bench);
        for (const what of path) step(bench, tx, what);
        expect(tx.state).toBe(from);
        bench.flow.take();
        bench.user.take();
        step(bench, tx, event);
        expect(tx.state).toBe(state);
        expect(bench.flow.take()).toEqual(sent);
        expect(bench.user.take()).toEqual(told);
        expect(bench.ended).toEqual(tx.state === 'terminated' ? [tx] : []);
        if (tx.state === 'terminated') {
          expect(bench.clock.pending).toBe(0);
          expect(bench.flow.watched).toBe(false);
        }
      });
    }
  }
}

describe('INVITE client transaction', () => {
  describe('every transition', () => runRows(inviteRows, startInvite));

  it('repeats the INVITE at T1, doubling, until timer B (A, B)', () => {
    const bench = makeBench();
    startInvite(bench);
    const times: number[] = [];
    for (let i = 0; i < 32_000; i += 500) {
      if (bench.flow.take().length > 0) times.push(bench.clock.now());
      bench.clock.advance(500);
    }
    expect(times).toEqual([0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(bench.user.take()).toEqual(['timeout']);
    expect(bench.ended).toHaveLength(1);
  });

  it('sends once over TCP', () => {
    const bench = makeBench(true);
    startInvite(bench);
    bench.clock.advance(31_000);
    expect(bench.flow.take()).toEqual(['INVITE']);
  });

  it('stops repeating after a provisional response and then waits for ever', () => {
    const bench = makeBench();
    const tx = startInvite(bench);
    tx.receive(responseTo(tx.request, 100));
    bench.flow.take();
    bench.clock.advance(600_000);
    expect(bench.flow.take()).toEqual([]);
    expect(tx.state).toBe('proceeding');
  });

  it('ends at once over TCP after a final response (D = 0)', () => {
    const bench = makeBench(true);
    const tx = startInvite(bench);
    tx.receive(responseTo(tx.request, 486));
    bench.clock.advance(0);
    expect(tx.state).toBe('terminated');
  });

  it('builds the ACK of a refusal by §17.1.1.3', () => {
    const bench = makeBench();
    const tx = startInvite(bench);
    tx.receive(responseTo(tx.request, 486, 'bobs-tag'));
    const ack = bench.flow.texts[1].split('\r\n');
    expect(ack).toEqual([
      'ACK sip:bob@b.example SIP/2.0',
      'Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKone;rport',
      'Route: <sip:proxy.example;lr>',
      'Max-Forwards: 70',
      'From: <sip:alice@a.example>;tag=alice',
      'To: <sip:bob@b.example>;tag=bobs-tag',
      'Call-ID: the-call',
      'CSeq: 1 ACK',
      'Content-Length: 0',
      '',
      '',
    ]);
  });

  it('tells of an ACK that could not be sent and ends', () => {
    const bench = makeBench();
    const tx = startInvite(bench);
    tx.receive(responseTo(tx.request, 486));
    bench.user.take();
    bench.flow.failing = true;
    tx.receive(responseTo(tx.request, 486));
    expect(bench.user.take()).toEqual(['transport error']);
    expect(tx.state).toBe('terminated');
  });

  it('says nothing after it was terminated', () => {
    const bench = makeBench();
    const tx = startInvite(bench);
    tx.terminate();
    tx.terminate();
    bench.clock.advance(60_000);
    expect(bench.user.take()).toEqual([]);
    expect(bench.ended).toHaveLength(1);
  });

  it('publishes its states with the Call-ID', () => {
    const bench = makeBench();
    const tx = startInvite(bench);
    tx.receive(responseTo(tx.request, 180));
    expect(bench.states).toMatchObject([{ id: 'the-call', from: 'calling', to: 'proceeding' }]);
  });
});

describe('non-INVITE client transaction', () => {
  describe('every transition', () => runRows(otherRows, startOther));

  it('repeats the request at T1, doubling up to T2, until timer F (E, F)', () => {
    const bench = makeBench();
    startOther(bench);
    const times: number[] = [];
    for (let i = 0; i < 32_000; i += 500) {
      if (bench.flow.take().length > 0) times.push(bench.clock.now());
      bench.clock.advance(500);
    }
    expect(times).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect(bench.user.take()).toEqual(['timeout']);
  });

  it('repeats every T2 after a provisional response', () => {
    const bench = makeBench();
    const tx = startOther(bench);
    tx.receive(responseTo(tx.request, 100));
    bench.clock.advance(500);
    bench.flow.take();
    bench.clock.advance(3999);
    expect(bench.flow.take()).toEqual([]);
    bench.clock.advance(1);
    expect(bench.flow.take()).toEqual(['OPTIONS']);
  });

  it('ends at once over TCP (K = 0)', () => {
    const bench = makeBench(true);
    const tx = startOther(bench);
    tx.receive(responseTo(tx.request, 200));
    bench.clock.advance(0);
    expect(tx.state).toBe('terminated');
  });
});
