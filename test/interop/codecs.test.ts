/**
 * Calls with baresip and linphonec in every codec both have, either side calling, the audio of both directions
 * compared. With SWITCHHOOK_QUALITY_ROWS=FILE each comparison is also written there, as a line of JSON: these are the
 * rows of `npm run quality -- --live`.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { type Call, nextEvent, type Phone } from '../../dist/index.js';
import { startBaresip } from '../support/peers/baresip.js';
import { startLinphone } from '../support/peers/linphone.js';
import { describeWith } from '../support/peers/require-peer.js';
import { expectSpeech, heardIn, PEER_LEAD_MS, SPEECH_RATE, speech } from '../support/speech.js';
import { TAIL_MS } from '../support/talk.js';
import { test, type Workbench } from '../support/workbench.js';

const STEP_MS = 30_000;
/**
 * Codecs that model speech reach 0.8 and more on an idle machine; both sides come late on a busy one. Unrelated speech
 * has about 0.3.
 */
const LEAST = 0.6;

const rowsFile = process.env.SWITCHHOOK_QUALITY_ROWS;
/** Figures are taken one call at a time: calls at once make each other late. */
const group = rowsFile ? describe : describe.concurrent;

const words = { ours: await speech(0, 4), its: await speech(5, 4) };

interface Peer {
  uri: string;
  dial(uri: string): void;
  /** Resolves when its call is over. */
  over(): Promise<unknown>;
  heard(): Promise<Int16Array>;
}

interface Shared {
  /** As in our `codecs`. */
  codec: string;
  /** What the peer needs to have it. */
  needs?: string;
}

type Start = (bench: Workbench, shared: Shared, answers: boolean) => Promise<Peer>;

const BARESIP: readonly Shared[] = [
  { codec: 'PCMU', needs: 'g711' },
  { codec: 'PCMA', needs: 'g711' },
  { codec: 'G722', needs: 'g722' },
  { codec: 'GSM', needs: 'gsm' },
  { codec: 'opus', needs: 'opus' },
  { codec: 'L16/8000', needs: 'l16' },
  { codec: 'L16/16000', needs: 'l16' },
];

/** Those it has, but does not offer unless told, are named as in its `codec list`. */
const LINPHONE: readonly Shared[] = [
  { codec: 'PCMU' },
  { codec: 'PCMA' },
  { codec: 'G722', needs: 'G722 (8000)' },
  { codec: 'GSM', needs: 'GSM (8000)' },
  { codec: 'opus' },
  { codec: 'speex/8000' },
  { codec: 'speex/16000' },
  { codec: 'speex/32000', needs: 'speex (32000)' },
  { codec: 'G729' },
];

const baresip: Start = async (bench, { needs = '' }, answers) => {
  const account = answers ? 'regint=0;answermode=auto' : 'regint=0';
  const peer = await startBaresip(bench, { says: words.its, account, codecs: [needs] });
  return {
    uri: peer.uri,
    dial: (uri) => peer.command('dial', uri),
    over: () => peer.event(/CALL_CLOSED/),
    heard: () => peer.heard(),
  };
};

const linphone: Start = async (bench, { needs }, answers) => {
  const peer = await startLinphone(bench, { says: words.its, autoAnswer: answers });
  if (needs) {
    peer.command('codec list');
    const line = new RegExp(`(\\d+): ${needs.replace(/[()]/g, '\\$&')} disabled`);
    const [, number] = await peer.process.waitFor(line);
    peer.command(`codec enable ${number}`);
    await peer.process.waitFor(new RegExp(`${number}: .*enabled`));
  }
  return {
    uri: peer.uri,
    dial: (uri) => peer.command(`call ${uri}`),
    over: () => peer.process.waitFor(/ended \(/),
    heard: () => peer.heard(),
  };
};

async function dialled(phone: Phone, peer: Peer, weCall: boolean): Promise<Call> {
  if (weCall) return phone.call(peer.uri, { signal: AbortSignal.timeout(STEP_MS) });
  const incoming = nextEvent(phone, 'incoming', AbortSignal.timeout(STEP_MS));
  peer.dial(`sip:we@127.0.0.1:${phone.addresses[0].port}`);
  const [call] = await incoming;
  await call.answer();
  return call;
}

/** Both speak; gives the file with what we heard. */
async function converse(bench: Workbench, call: Call): Promise<string> {
  const path = bench.path('ours.wav');
  const recording = await call.record(path);
  await call.play({ samples: words.ours, sampleRate: SPEECH_RATE });
  await sleep(PEER_LEAD_MS + TAIL_MS);
  await recording.stop();
  return path;
}

function judge(said: Int16Array, heard: Int16Array, row: Record<string, string>): void {
  const what = `${row.codec}, ${row.caller} called, heard by ${row.listener}`;
  const result = expectSpeech(said, heard, what, LEAST);
  if (rowsFile) appendFileSync(rowsFile, `${JSON.stringify({ ...row, ...result })}\n`);
}

for (const [name, program, shared, start] of [
  ['baresip', 'baresip', BARESIP, baresip],
  ['linphone', 'linphonec', LINPHONE, linphone],
] as const) {
  describeWith([program], `${name}, codecs`, () => {
    group('on loopback', () => {
      for (const one of shared) {
        for (const weCall of [true, false]) {
          test(`${one.codec}, ${weCall ? 'we call' : 'it calls'}`, async ({ bench }) => {
            const peer = await start(bench, one, weCall);
            const { phone } = await bench.phone('we', { media: { codecs: [one.codec] } });
            const call = await dialled(phone, peer, weCall);
            expect(call.codec).toBe(one.codec.split('/')[0]);
            const path = await converse(bench, call);
            await call.hangup();
            await peer.over();
            const row = { peer: name, codec: one.codec, caller: weCall ? 'we' : name };
            judge(words.its, await heardIn(path), { ...row, listener: 'we' });
            judge(words.ours, await peer.heard(), { ...row, listener: name });
          });
        }
      }
    });
  });
}
