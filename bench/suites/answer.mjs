/**
 * What answering a call costs: CPU time of the answering process for INVITE, 200, ACK, BYE, 200 over UDP, under
 * SIPp's `uac`. Yardsticks: SIPp's `uas` and the npm package `sip` answering the same load.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { hasSipp, SIPP_MISSING, startCalls, startSippUas } from '../support/sipp.mjs';
import { startTarget } from '../support/target.mjs';

/** Calls a second: a busy server, as the figure of the C stack is one. A quiet one pays more a call, for waking up. */
const RATE = 800;
const QUIET_RATE = 300;
const PHONE_RATE = 100;
const WINDOW_MS = 2000;
/** Transactions linger 32 s (timers J and L): only then is what is measured the steady state. */
const STEADY_AFTER_S = 34;

/** The cheapest of the windows: whatever else runs on the machine only ever adds. */
async function cpuPerCall(target, { rate, warmUpS, seconds }) {
  const load = await startCalls({ port: target.port, rate, calls: rate * (warmUpS + seconds) });
  const windows = [];
  const watch = async () => {
    await sleep(warmUpS * 1000);
    let before = await target.usage();
    for (let t = 0; t + WINDOW_MS / 1000 < seconds; t += WINDOW_MS / 1000) {
      await sleep(WINDOW_MS);
      const now = await target.usage();
      const calls = now.calls === undefined ? (rate * WINDOW_MS) / 1000 : now.calls - before.calls;
      if (calls > (0.8 * rate * WINDOW_MS) / 1000) windows.push((now.cpuMs - before.cpuMs) / calls);
      before = now;
    }
  };
  const [trouble] = await Promise.all([load.done, watch()]);
  await target.stop();
  if (trouble) console.error(`answer: not all calls to ${target.name} succeeded. ${trouble}`);
  if (windows.length === 0) throw new Error('the load did not arrive: the machine is too busy');
  return Math.min(...windows);
}

export async function run({ quick = false } = {}) {
  const names = {
    agent: `answer a call: user agent, stateful, UDP, no media, ${RATE} calls/s`,
    quiet: `the same at ${QUIET_RATE} calls/s`,
    endpoint: 'the same with the SIP endpoint and a dialog alone',
    phone: 'the same with the whole phone, its media started',
  };
  if (!hasSipp) {
    return Object.values(names).map((name) => ({ name, value: null, unit: 'ms', skipped: SIPP_MISSING }));
  }
  const effort = quick ? { warmUpS: 12, seconds: 8 } : { warmUpS: STEADY_AFTER_S, seconds: 16 };
  const only = process.env.SWITCHHOOK_BENCH_TARGET;
  const measure = async (name, start, rate = RATE) =>
    !only || only === name ? cpuPerCall(await start(), { ...effort, rate }) : Number.NaN;
  const agent = await measure('user-agent', () => startTarget('user-agent'));
  const quiet = await measure('user-agent-quiet', () => startTarget('user-agent'), QUIET_RATE);
  const endpoint = await measure('endpoint', () => startTarget('endpoint'));
  const phone = await measure('phone', () => startTarget('phone'), PHONE_RATE);
  const sipp = await measure('sipp', () => startSippUas());
  const npmSip = await measure('npm-sip', () => startTarget('npm-sip'));
  return [
    {
      name: names.agent,
      value: agent,
      unit: 'ms',
      goal: 0.4,
      yardstick: [
        { name: 'npm sip 0.0.6', value: npmSip },
        { name: 'SIPp uas (C++, fixed answers)', value: sipp },
      ],
    },
    { name: names.quiet, value: quiet, unit: 'ms' },
    { name: names.endpoint, value: endpoint, unit: 'ms' },
    { name: names.phone, value: phone, unit: 'ms' },
  ];
}
