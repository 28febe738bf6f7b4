/** `aqtest`: two accounts of one phone call each other, and the log tells how the media got through. */
import { describe, expect, it } from 'vitest';
import { Exchange } from '../../../../src/exchange/index.js';
import { MediaEngine } from '../../../../src/media/index.js';
import type { DatagramConditions } from '../../../../src/testing/datagram-network.js';
import { Webphone } from '../../../../src/webphone/index.js';
import { atDesk } from '../../../support/webphone-desk.js';

const REPORT =
  /^EVENT,EVENT,aqstats: avg delay: (\d+) msec, max delay: (\d+) msec, loss: ([\d.]+)%, cseqproblems: ([\d.]+)%, expected: (\d+), recv: (\d+), cseqerr: (\d+), err: (\d+)$/;
const ARRIVAL = /^EVENT,EVENT,recv in (\d+) msec: (\d+) packets$/;

interface Report {
  lines: number;
  delay: number[];
  loss: number;
  disorder: number;
  expected: number;
  received: number;
  unknown: number;
  arrivals: Record<string, number>;
}

function reportOf(events: readonly string[]): Report {
  const lines = events.map((text) => REPORT.exec(text)).filter((match) => match !== null);
  const [average, longest, loss, problems, expected, received, errors, unknown] = (lines[0] ?? [])
    .slice(1)
    .map(Number);
  expect(problems).toBeCloseTo((100 * errors) / received, 0);
  const arrivals = events.map((text) => ARRIVAL.exec(text)).filter((match) => match !== null);
  return {
    lines: lines.length,
    delay: [average, longest],
    loss,
    disorder: errors,
    expected,
    received,
    unknown,
    arrivals: Object.fromEntries(arrivals.map(([, within, packets]) => [within, Number(packets)])),
  };
}

describe('[param:aqtest] the quality test', () => {
  /** A call of ten seconds from one line of the phone to another, over a network like that. */
  const measured = (network: DatagramConditions, settings: Record<string, number> = { aqtest: 1 }) =>
    atDesk(
      {
        loglevel: 5,
        canlogtofile: 0,
        codec: 'PCMA',
        disablesamecall: 0,
        useaudiodevicerecord: false,
        ...settings,
      },
      async (desk) => {
        const { webphone } = desk;
        const log: string[] = [];
        webphone.log.subscribe(({ text }) => void log.push(text));
        expect(webphone.API_Call(1, 'sip:me@10.0.0.1')).toBe(true);
        await desk.run(300);
        expect(webphone.API_Accept(2)).toBe(true);
        await desk.run(10_000);
        const heard = Math.max(0, ...desk.speaker.played.subarray(-8000).map(Math.abs));
        webphone.API_Hangup(1);
        await desk.run(1000);
        return { heard, events: desk.strings('EVENT'), log };
      },
      { network },
    );

  it('tells the delay there is, and when packets came', async () => {
    const { heard, events, log } = await measured({ delayMs: 51 });
    const report = reportOf(events);
    expect(report).toMatchObject({ lines: 1, delay: [51, 51], loss: 0, disorder: 0, unknown: 0 });
    // Both ways, fifty a second.
    expect(report.expected).toBeGreaterThan(960);
    expect(report.expected).toBeLessThanOrEqual(1000);
    expect(report.received).toBe(report.expected);
    expect(report.arrivals).toEqual({ 60: report.received });
    // Test packets are not for ears.
    expect(heard).toBeLessThan(100);
    const begin = log.indexOf('aqstat display begin');
    expect(log[begin + 1]).toMatch(/^EVENT,aqstats: avg delay: 51 msec/);
    expect(log[begin + 2]).toMatch(/^EVENT,recv in 60 msec: \d+ packets$/);
  });

  it('tells what was lost, doubled and in disorder', async () => {
    const lossy = reportOf((await measured({ delayMs: 20, loss: 0.1 })).events);
    expect(lossy.loss).toBeGreaterThan(6);
    expect(lossy.loss).toBeLessThan(14);
    expect(lossy.expected - lossy.received).toBe(Math.round((lossy.loss * lossy.expected) / 100));
    const wild = reportOf((await measured({ delayMs: 20, jitterMs: 45 })).events);
    expect(wild.disorder).toBeGreaterThan(20);
    expect(wild.received).toBe(wild.expected);
    expect(wild.delay[0]).toBeGreaterThan(38);
    expect(wild.delay[0]).toBeLessThan(47);
    expect(wild.delay[1]).toBeGreaterThan(60);
    expect(wild.delay[1]).toBeLessThanOrEqual(66);
    expect(Object.keys(wild.arrivals)).toEqual(['20', '30', '40', '50', '60', '70']);
    expect(Object.values(wild.arrivals).reduce((a, b) => a + b)).toBe(wild.received);
    const doubled = reportOf((await measured({ delayMs: 20, duplication: 0.2 })).events);
    expect([doubled.loss, doubled.received]).toEqual([0, doubled.expected]);
    expect(doubled.disorder).toBeGreaterThan(100);
  });

  it('0 and the default measure nothing', async () => {
    for (const settings of [{}, { aqtest: 0 }] as Array<Record<string, number>>) {
      const { events, log } = await measured({}, settings);
      expect([...events, ...log].filter((text) => /aqstat/.test(text))).toEqual([]);
    }
  });
});

describe('two accounts at a server', () => {
  it('[aqtest/0] [param:aqtest] call each other; the report has delay, loss, disorder, counts and a histogram', async () => {
    const engine = await MediaEngine.start({ workers: 2 });
    const exchange = await new Exchange({ users: { usr1: 'pwd1', usr2: 'pwd2' }, engine }).start();
    const webphone = new Webphone({
      startsipstack: 0,
      settings: {
        serveraddress: exchange.address,
        username: 'usr1',
        password: 'pwd1',
        serveraddress2: exchange.address,
        username2: 'usr2',
        password2: 'pwd2',
        aqtest: 1,
        loglevel: 5,
        canlogtofile: 0,
        useaudiodevicerecord: false,
        useaudiodeviceplayback: false,
      },
      phone: { engine },
    });
    const told: string[] = [];
    webphone.notifications.subscribe((one) => told.push(String(one)));
    const said = (text: RegExp) =>
      expect.poll(() => told.some((one) => text.test(one)), { timeout: 10_000 }).toBe(true);
    try {
      webphone.API_Start();
      await said(/^REGISTER,0,1,.*usr1/);
      await said(/^REGISTER,0,1,.*usr2/);
      webphone.API_Call(-1, 'usr2');
      await said(/^STATUS,2,Ringing,/);
      webphone.API_Accept(2);
      await said(/^STATUS,1,Speaking,/);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      webphone.API_Hangup(1);
      await said(/recv in \d+ msec/);
      const report = reportOf(told);
      expect(report).toMatchObject({ lines: 1, unknown: 0 });
      expect(report.received).toBeGreaterThan(120);
      expect(report.received).toBeLessThanOrEqual(report.expected);
      expect(report.loss).toBeLessThan(10);
      expect(report.delay[0]).toBeLessThan(50);
      expect(Object.values(report.arrivals).reduce((a, b) => a + b)).toBe(report.received);
    } finally {
      await webphone.close();
      await exchange.close();
      await engine.close();
    }
  });
});
