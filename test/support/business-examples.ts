/** What examples of business phones are held to: call centre, click-to-call, doorphone, menu. For test/system/examples. */
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { type Call, Phone } from '../../dist/index.js';
import { toneLevelDbov } from '../../src/dsp/goertzel.js';
import { readWav } from '../../src/media/index.js';
import { NodeProgram, projectRoot } from './run-node.js';

export interface ExampleWorld {
  /** The account the example gets, and the folder for its recordings. */
  env: Record<string, string>;
  folder: string;
}

const RATE = 8000;
/** Of what is heard a tone is either there or it is not. */
const HEARD = -40;

const example = (name: string): string => join(projectRoot, 'examples', name);
const phoneOf = (env: Record<string, string>, username: string): Phone =>
  new Phone({ server: env.SIP_SERVER, username, password: 'pw' });

/** Says a tone all the time, and keeps what it hears. */
class Talker {
  #heard = new Int16Array(0);

  constructor(
    readonly call: Call,
    hz: number,
  ) {
    const tone = { segments: [{ frequencies: [hz], durationMs: 1000 }] };
    void call.play({ tone }).catch(() => {});
    void (async () => {
      for await (const { samples } of call.audio({ sampleRate: RATE })) {
        this.#heard = Int16Array.from([...this.#heard.subarray(-RATE / 2), ...samples]);
      }
    })();
  }

  /** Which of the tones were in the last half second. */
  hears(...tones: number[]): number[] {
    return tones.filter((hz) => toneLevelDbov(this.#heard, hz, RATE) > HEARD);
  }
}

async function answered(phone: Phone): Promise<Call> {
  return new Promise((resolve, reject) => {
    phone.on('incoming', (call) => call.answer().then(() => resolve(call), reject));
  });
}

/** A key that may end the call before it is released. */
function press(call: Call, key: string): void {
  void call.sendDtmf(key).catch(() => {});
}

async function callCentre({ env }: ExampleWorld): Promise<void> {
  const [CUSTOMER, AGENT, BOSS] = [500, 900, 1700];
  const centre = new NodeProgram([example('call-centre.mjs'), 'agent', 'boss'], env);
  await using caller = phoneOf(env, 'caller');
  await using desk = phoneOf(env, 'agent');
  await using office = phoneOf(env, 'boss');
  try {
    await centre.until(/waiting for calls/);
    await desk.register();
    const taken = answered(desk);
    const customer = new Talker(await caller.call('app'), CUSTOMER);
    const agent = new Talker(await taken, AGENT);
    await centre.until(/caller talks with agent/);
    const boss = new Talker(await office.call('app'), BOSS);
    const all = [CUSTOMER, AGENT, BOSS];
    const heard = (): number[][] => [customer, agent, boss].map((one) => one.hears(...all));
    const settles = (wanted: number[][]): Promise<void> =>
      vi.waitFor(() => expect(heard()).toEqual(wanted), { timeout: 10_000, interval: 100 });
    await centre.until(/the supervisor listens/);
    await settles([[AGENT], [CUSTOMER], [CUSTOMER, AGENT]]);
    await boss.call.sendDtmf('2');
    await centre.until(/speaks to the agent/);
    await settles([[AGENT], [CUSTOMER, BOSS], [CUSTOMER, AGENT]]);
    await boss.call.sendDtmf('3');
    await centre.until(/speaks to both/);
    await settles([
      [AGENT, BOSS],
      [CUSTOMER, BOSS],
      [CUSTOMER, AGENT],
    ]);
    await customer.call.hangup();
    await Promise.all([agent.call.ended, boss.call.ended]);
  } finally {
    await centre.stop();
  }
}

async function clickToCall({ env }: ExampleWorld): Promise<void> {
  const program = new NodeProgram([example('click-to-call.mjs'), 'caller'], { ...env, PORT: '0' });
  await using desk = phoneOf(env, 'caller');
  try {
    const [, url] = await program.until(/(http:\/\/[\d.:]+)\//);
    await desk.register();
    expect(await (await fetch(url)).text()).toContain('<form');
    const click = (to: string, headers = {}): Promise<Response> =>
      fetch(`${url}/call`, { method: 'POST', body: new URLSearchParams({ to }), headers });
    expect((await click('no number')).status).toBe(400);
    expect((await click('echo', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    const ringing = answered(desk);
    const clicked = click('echo');
    const talker = new Talker(await ringing, 700);
    expect(await (await clicked).text()).toBe('connected with echo\n');
    await vi.waitFor(() => expect(talker.hears(700)).toEqual([700]), { timeout: 10_000, interval: 100 });
    await talker.call.hangup();
    await program.until(/caller has answered, echo is called[\s\S]*over: /);
  } finally {
    await program.stop();
  }
}

async function doorphone({ env }: ExampleWorld): Promise<void> {
  const devices = { MICROPHONE: `file:${join(projectRoot, 'assets', 'speech.wav')}`, SPEAKER: 'none' };
  const door = new NodeProgram([example('doorphone.mjs'), 'caller'], { ...env, ...devices });
  await using flat = phoneOf(env, 'caller');
  try {
    await door.until(/waiting for visitors/);
    await flat.register();
    const call = await flat.call('app', { signal: AbortSignal.timeout(10_000) });
    await door.until(/caller is at the intercom/);
    await call.sendDtmf('1*9');
    await door.until(/the door is open/);
    await call.hangup();
    const bell = answered(flat);
    door.send('\n');
    const visitor = await bell;
    await door.until(/caller has answered/);
    await visitor.sendDtmf('*9');
    await door.until(/the door is open[\s\S]*the door is open/);
    await visitor.hangup();
  } finally {
    await door.stop();
  }
}

async function menu({ env, folder }: ExampleWorld): Promise<void> {
  const program = new NodeProgram([example('ivr.mjs'), 'echo'], { ...env, RECORDINGS: folder });
  await using phone = phoneOf(env, 'caller');
  try {
    await program.until(/waiting for calls/);
    const first = await phone.call('app');
    await first.sendDtmf('#');
    await program.until(/caller: # key/);
    press(first, '1');
    await program.until(/caller: 1 key[\s\S]*caller: transferred/);
    await first.ended;
    for (const call of phone.calls) await call.hangup();

    const second = await phone.call('app');
    await second.sendDtmf('2');
    await program.until(/caller: 2 key/);
    new Talker(second, 600);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    press(second, '#');
    const [, path] = await program.until(/message in (.*\.wav)/);
    const { mono, sampleRate } = await readWav(path);
    expect(mono.length).toBeGreaterThan(sampleRate);
    expect(toneLevelDbov(mono, 600, sampleRate)).toBeGreaterThan(HEARD);
    await second.ended;
  } finally {
    await program.stop();
  }
}

export const businessExamples: Record<string, (world: ExampleWorld) => Promise<void>> = {
  'call-centre.mjs': callCentre,
  'click-to-call.mjs': clickToCall,
  'doorphone.mjs': doorphone,
  'ivr.mjs': menu,
};
