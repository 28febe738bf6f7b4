/**
 * From INVITE to 180, seen by the caller, at 100 calls a second; the calls are answered and ended, with media in the
 * case of the phone. Yardstick: SIPp's `uas`.
 */
import { percentile, placeCalls } from '../support/caller.mjs';
import { hasSipp, startSippUas } from '../support/sipp.mjs';
import { startTarget } from '../support/target.mjs';

const RATE = 100;

async function ringing(target, seconds) {
  // The first calls compile the code.
  await placeCalls({ port: target.port, rate: RATE, calls: 2 * RATE, holdMs: 100 });
  const rounds = [];
  for (let i = 0; i < 3; i++) {
    rounds.push(
      await placeCalls({ port: target.port, rate: RATE, calls: (RATE * seconds) / 2, holdMs: 100 }),
    );
  }
  await target.stop();
  const failed = rounds.reduce((sum, round) => sum + round.failed, 0);
  if (failed > 0) console.error(`setup: ${failed} calls failed`);
  const best = (list) => Math.min(...rounds.map((round) => percentile(round[list], 0.99)));
  return { ring: best('ringMs'), answer: best('answerMs') };
}

export async function run({ quick = false } = {}) {
  const seconds = quick ? 6 : 20;
  const phone = await ringing(await startTarget('phone', { ringMs: 0 }), seconds);
  const endpoint = await ringing(await startTarget('endpoint', { ring: true }), seconds);
  const sipp = hasSipp ? await ringing(await startSippUas(), seconds) : undefined;
  return [
    {
      name: 'INVITE in to 180 out, p99 at 100 calls/s, the whole phone with media',
      value: phone.ring,
      unit: 'ms',
      goal: 5,
      yardstick: sipp && { name: 'SIPp uas', value: sipp.ring },
    },
    { name: 'the same with the SIP endpoint alone', value: endpoint.ring, unit: 'ms', goal: 5 },
    { name: 'INVITE in to 200 out, p99, the phone opening its media', value: phone.answer, unit: 'ms' },
  ];
}
