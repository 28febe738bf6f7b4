/** Who hears whom when a supervisor listens in: real media of all phones in virtual time, told apart by their tones. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toneLevelDbov } from '../../../src/dsp/goertzel.js';
import { MediaEngine, readWav } from '../../../src/media/index.js';
import { DatagramNetwork } from '../../../src/testing/datagram-network.js';
import type { Call } from '../../../src/ua/index.js';
import { PhoneWorld, type TestPhone } from '../../support/phone-world.js';
import '../../support/preloaded.js';

const RATE = 8000;
/** Whoever is named after it plays it. */
const TONES = { customer: 500, agent: 1100, supervisor: 1700, second: 2300, third: 2900 };
type Who = keyof typeof TONES;
const EVERYBODY = Object.keys(TONES) as Who[];
/** A tone as played, and what is left of one that is not there. */
const PRESENT = -16;
const ABSENT = -50;

let world: PhoneWorld;
let engine: MediaEngine;
let folder: string;

beforeEach(async () => {
  world = new PhoneWorld();
  folder = await mkdtemp(join(tmpdir(), 'switchhook-listening-'));
  const { clock, random } = world;
  const transport = new DatagramNetwork(clock, random, { delayMs: 10 });
  engine = await MediaEngine.start({ workers: 'in-process', clock, random, transport });
});

afterEach(async () => {
  await world.end();
  await engine.close();
  await rm(folder, { recursive: true });
});

/** Phones with this engine, that are up. */
async function phones(count: number): Promise<TestPhone[]> {
  return world.started(count, { engine, media: { codecs: ['PCMU'] } });
}

function speaks(call: Call, who: Who): void {
  const segments = [{ frequencies: [TONES[who]], durationMs: 1000 }];
  void call.play({ tone: { segments } }, { loop: true });
}

/** Whose tones arrive in the call within the next second. */
async function heardIn(call: Call): Promise<Who[]> {
  await world.run(500);
  const path = join(folder, 'heard.wav');
  const recording = await call.record(path, { layout: 'received', sampleRate: RATE });
  // The recorder waits for the disk, which has its own time.
  for (let passed = 0; passed < 1000; passed += 20) {
    await world.run(20);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await recording.stop();
  const [pcm] = (await readWav(path)).channels;
  expect(pcm.length).toBe(RATE);
  return EVERYBODY.filter((who) => {
    const level = toneLevelDbov(pcm, TONES[who], RATE);
    if (level > ABSENT) expect(Math.abs(level - PRESENT), `${who} at ${level} dBov`).toBeLessThanOrEqual(1);
    return level > ABSENT;
  });
}

describe('a supervisor', () => {
  it('[barge-in/0] let in by the phone of the agent hears both sides of its calls and is heard by none', async () => {
    const [agent, customer] = await phones(2);
    agent.policies.configure({ bargeIn: { match: 'x-bargein: YES' } });
    const { out: toAgent, in: toCustomer } = await world.talk(customer, agent);
    speaks(toAgent, 'customer');
    speaks(toCustomer, 'agent');
    const supervisor = world.phone('10.0.0.9', { engine, media: { codecs: ['PCMU'] } });
    const listening = await supervisor.dial(world.uriOf(agent), { headers: { 'X-BargeIn': 'yes' } });
    await world.run(200);
    expect(listening.state).toBe('connected');
    speaks(listening, 'supervisor');
    expect(await heardIn(listening)).toEqual(['customer', 'agent']);
    expect(await heardIn(toAgent)).toEqual(['agent']);
    expect(await heardIn(toCustomer)).toEqual(['customer']);
  });

  it('[barge-in/0] hears all calls of the agent, those that come later too, who do not hear each other', async () => {
    const [agent, customer, second, third] = await phones(4);
    agent.policies.configure({ bargeIn: { match: 'x-bargein: YES' } });
    const talks = [await world.talk(customer, agent), await world.talk(second, agent)];
    const supervisor = world.phone('10.0.0.9', { engine, media: { codecs: ['PCMU'] } });
    const listening = await supervisor.dial(world.uriOf(agent), { headers: { 'X-BargeIn': 'yes' } });
    await world.run(200);
    talks.push(await world.talk(third, agent));
    for (const [at, who] of (['customer', 'second', 'third'] as const).entries()) speaks(talks[at].out, who);
    speaks(talks[2].in, 'agent');
    speaks(listening, 'supervisor');
    expect(await heardIn(listening)).toEqual(['customer', 'agent', 'second', 'third']);
    expect(await heardIn(talks[0].out)).toEqual([]);
    expect(await heardIn(talks[2].out)).toEqual(['agent']);
  });

  it('in a conference listens, then is heard by the agent alone, then by both', async () => {
    const [centre, customer, agent, supervisor] = await phones(4);
    const legs: Call[] = [];
    const far: Record<string, Call> = {};
    for (const [phone, who] of [
      [customer, 'customer'],
      [agent, 'agent'],
      [supervisor, 'supervisor'],
    ] as const) {
      const { out, in: leg } = await world.talk(phone, centre);
      legs.push(leg);
      far[who] = out;
      speaks(out, who);
    }
    const [customerLeg, agentLeg, supervisorLeg] = legs;
    const conference = await world.soon(centre.conference([customerLeg, agentLeg]));
    const hear = async () => ({
      customer: await heardIn(far.customer),
      agent: await heardIn(far.agent),
      supervisor: await heardIn(far.supervisor),
    });
    await world.soon(conference.add(supervisorLeg, { listenOnly: true }));
    expect(await hear()).toEqual({
      customer: ['agent'],
      agent: ['customer'],
      supervisor: ['customer', 'agent'],
    });
    await world.soon(conference.add(supervisorLeg, { whisperTo: [agentLeg] }));
    expect(await hear()).toEqual({
      customer: ['agent'],
      agent: ['customer', 'supervisor'],
      supervisor: ['customer', 'agent'],
    });
    await world.soon(conference.add(supervisorLeg, {}));
    expect(await hear()).toEqual({
      customer: ['agent', 'supervisor'],
      agent: ['customer', 'supervisor'],
      supervisor: ['customer', 'agent'],
    });
    await world.soon(conference.close());
  });
});
