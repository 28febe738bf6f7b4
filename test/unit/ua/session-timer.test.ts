import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.js';
import { SipRequest, SipResponse } from '../../../src/sip/index.js';
import { SessionTimer, type SessionTimerOptions } from '../../../src/ua/call/session-timer.js';

function timer(options: Partial<SessionTimerOptions> = {}) {
  const clock = new VirtualClock();
  const log: string[] = [];
  const refresh = { fails: false };
  const made = new SessionTimer(
    clock,
    { interval: 1800, minimum: 90, ...options },
    async () => {
      log.push(`refresh ${clock.now() / 1000}`);
      if (refresh.fails) throw new Error('refused');
    },
    () => log.push(`expired ${clock.now() / 1000}`),
  );
  return { clock, log, refresh, timer: made };
}

function request(headers: Record<string, string>): SipRequest {
  const made = new SipRequest('INVITE', 'sip:a@b');
  for (const [name, value] of Object.entries(headers)) made.set(name, value);
  return made;
}

function answer(sessionExpires?: string): SipResponse {
  const response = new SipResponse(200);
  if (sessionExpires) response.set('Session-Expires', sessionExpires);
  return response;
}

describe('session timer as UAS (RFC 4028 §9)', () => {
  it('never settles on more than the caller asked for, also after a 422 of its own requests', () => {
    const { timer: session } = timer({ interval: 300 });
    const tooSmall = new SipResponse(422).set('Min-SE', 900);
    expect(session.raise(tooSmall)).toBe(true);
    for (const [asked, minSe, settled] of [
      ['600', undefined, 600],
      ['3600', undefined, 900],
      ['3600', '1200', 1200],
      ['100', '400', 100],
      ['60', undefined, 90],
    ] as const) {
      const response = new SipResponse(200);
      const headers: Record<string, string> = { 'Session-Expires': asked, Supported: 'timer' };
      if (minSe) headers['Min-SE'] = minSe;
      session.accept(request(headers), response);
      expect([asked, response.sessionExpires?.delta]).toEqual([asked, settled]);
    }
    session.stop();
  });
});

describe('session timer as UAC (RFC 4028 §7)', () => {
  it('asks for its interval, names no refresher at first, and repeats what is in force later', () => {
    const { timer: session } = timer();
    const first = request({});
    session.propose(first);
    expect(first.get('Session-Expires')).toBe('1800');
    expect(first.has('Min-SE')).toBe(false);
    session.agreed(answer('600;refresher=uas'));
    const later = request({});
    session.propose(later);
    expect(later.get('Session-Expires')).toBe('600;refresher=uas');
    session.stop();
  });

  it.each([
    ['600;refresher=uac', ['refresh 300', 'expired 568']],
    ['600', ['refresh 300', 'expired 568']],
    ['600;refresher=uas', ['expired 568']],
    ['90;refresher=uas', ['expired 60']],
    ['30;refresher=uas', ['expired 60']],
    [undefined, []],
  ])('after a 2xx with %s does %j', async (settled, expected) => {
    const { clock, log, timer: session } = timer();
    session.agreed(answer(settled));
    await clock.run(10_000_000);
    expect(log).toEqual(expected);
    expect(clock.pending).toBe(0);
  });

  it('repeats a refresh that failed at half of what is left, until too little is', async () => {
    const { clock, log, refresh, timer: session } = timer();
    refresh.fails = true;
    session.agreed(answer('600;refresher=uac'));
    await clock.run(10_000_000);
    expect(log.slice(0, 4)).toEqual(['refresh 300', 'refresh 434', 'refresh 501', 'refresh 534.5']);
    expect(log.at(-1)).toBe('expired 568');
    expect(log.length).toBeLessThan(12);
    expect(clock.pending).toBe(0);
  });

  it('raises its interval after 422 once per value, within reason', () => {
    const { timer: session } = timer({ interval: 100 });
    const tooSmall = (value: string) => new SipResponse(422).set('Min-SE', value);
    expect(session.raise(tooSmall('500'))).toBe(true);
    expect(session.raise(tooSmall('500'))).toBe(false);
    expect(session.raise(tooSmall('999999'))).toBe(false);
    expect(session.raise(new SipResponse(422))).toBe(false);
    const next = request({});
    session.propose(next);
    expect(next.get('Session-Expires')).toBe('500');
    expect(next.get('Min-SE')).toBe('500');
    // What a peer asks of us is not raised by that.
    expect(session.refusal(request({ Supported: 'timer', 'Session-Expires': '200' }))).toBeUndefined();
  });
});

describe('session timer as UAS (RFC 4028 §9, table 2)', () => {
  it.each([
    [{ Supported: 'timer', 'Session-Expires': '600;refresher=uac' }, '600;refresher=uac', true],
    [{ Supported: 'timer', 'Session-Expires': '600;refresher=uas' }, '600;refresher=uas', false],
    [{ Supported: 'timer', 'Session-Expires': '600' }, '600;refresher=uac', true],
    [{ Supported: 'timer', 'Session-Expires': '5000' }, '1800;refresher=uac', true],
    [{ Supported: 'timer', 'Session-Expires': '5000', 'Min-SE': '3000' }, '3000;refresher=uac', true],
    [{ Supported: 'timer' }, '1800;refresher=uac', true],
    [{ 'Session-Expires': '600' }, '600;refresher=uas', false],
    [{}, '1800;refresher=uas', false],
  ])('answers %j with %s', (headers, settled, required) => {
    const { timer: session } = timer();
    const response = new SipResponse(200);
    session.accept(request(headers as Record<string, string>), response);
    expect(response.get('Session-Expires')).toBe(settled);
    expect(response.require.includes('timer')).toBe(required);
    session.stop();
  });

  it('refuses intervals that are too small, from those who know timers only', () => {
    const { timer: session } = timer({ minimum: 300 });
    expect(session.refusal(request({ Supported: 'timer', 'Session-Expires': '299' }))).toBe(300);
    expect(session.refusal(request({ Supported: 'timer', 'Session-Expires': '300' }))).toBeUndefined();
    expect(session.refusal(request({ 'Session-Expires': '100' }))).toBeUndefined();
    expect(session.refusal(request({}))).toBeUndefined();
  });

  it('turned off says nothing, and follows a peer that wants one', async () => {
    const { clock, log, timer: session } = timer({ interval: 0 });
    const silent = new SipResponse(200);
    session.accept(request({ Supported: 'timer' }), silent);
    expect(silent.has('Session-Expires')).toBe(false);
    const asked = new SipResponse(200);
    session.accept(request({ Supported: 'timer', 'Session-Expires': '120;refresher=uac' }), asked);
    expect(asked.get('Session-Expires')).toBe('120;refresher=uac');
    await clock.run(200_000);
    expect(log).toEqual(['expired 88']);
  });
});
