/**
 * `switchhook doctor`: checks one step after the other what a call needs, and says at the first thing that is wrong
 * what to do about it. With `--server` it asks that server; without, it looks at this machine alone.
 */
import { systemClock } from '../../base/clock.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import { interfaceAddresses } from '../../base/interfaces.js';
import { nullLogger } from '../../base/logger.js';
import { cryptoRandom } from '../../base/random.js';
import { Exchange } from '../../exchange/index.js';
import { listAudioDevices, readWav } from '../../media/index.js';
import { Phone } from '../../phone/index.js';
import { createDnsClient, TargetResolver } from '../../sip/index.js';
import { compareAudio } from '../../testing/index.js';
import { parseServer } from '../../ua/index.js';
import type { Values } from '../arguments.js';
import { bundledSpeech } from '../assets.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import type { Output } from '../output.js';
import { PHONE_OPTIONS, phoneFrom } from '../phone-from-options.js';

type Check = (values: Values) => Promise<string>;

const AUDIO_SECONDS = 3;
/** Below this, what comes back is something else. */
const LEAST_CORRELATION = 0.8;
const LEAST_COVERAGE = 0.9;
/** Below this, time was stretched or audio made up somewhere: no fault of the settings. */
const CLEAN_CORRELATION = 0.95;

export const doctorCommand: Command = {
  name: 'doctor',
  usage: '',
  summary: 'check addresses, DNS, ports, the server and the audio',
  options: PHONE_OPTIONS,
  examples: [
    'switchhook doctor',
    'SIP_PASSWORD=secret switchhook doctor --server sip.example.com --user 1001',
  ],
  async run({ values }, output) {
    const checks: Array<[string, Check]> = [
      ['Addresses', addresses],
      ['SIP and RTP ports', ports],
      ['Audio through a call', audio],
      ['Sound devices', soundDevices],
    ];
    if (values.server) {
      checks.push(['Server in DNS', dns], ['Server answers', answers]);
      if (values.user) checks.push(['Registration', registration]);
    }
    let failures = 0;
    for (const [name, check] of checks) if (!(await report(name, check, values, output))) failures++;
    if (!values.server) output.text('\nGive --server (and --user) to check a server as well.');
    output.result({ ok: failures === 0, failures });
    return failures === 0 ? EXIT.ok : EXIT.failed;
  },
};

async function report(name: string, check: Check, values: Values, output: Output): Promise<boolean> {
  output.live(`  ${name} …`);
  try {
    const found = await check(values);
    output.live('');
    output.event('check', `${name.padEnd(22)}${found}`, { name, ok: true, found }, 'good');
    return true;
  } catch (error) {
    output.live('');
    const message = error instanceof Error ? error.message : String(error);
    const remedy = isSwitchhookError(error) ? error.remedy : undefined;
    output.event('check', `${name.padEnd(22)}${message}`, { name, ok: false, error: message, remedy }, 'bad');
    if (remedy) output.text(`  ${''.padEnd(22)}${remedy}`);
    return false;
  }
}

async function addresses(): Promise<string> {
  const own = interfaceAddresses()
    .filter(({ internal, address }) => !internal && !/^fe80/i.test(address))
    .map(({ address }) => address);
  const privately = own.filter((address) =>
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])/i.test(address),
  );
  if (own.length === 0) return 'loopback only: calls inside this machine work, others do not';
  const nat = privately.length === own.length ? ' (private: behind a NAT for the Internet)' : '';
  return `${own.join(', ')}${nat}`;
}

async function ports(values: Values): Promise<string> {
  await using phone = phoneFrom({ ...values, server: undefined, user: undefined, password: undefined });
  await phone.start();
  const sip = phone.addresses.map(({ protocol, port }) => `${protocol} ${port}`).join(', ');
  const call = await phone.dial('sip:nobody@127.0.0.1:9');
  call.hangup();
  await call.ended;
  return `${sip}; RTP ${values['rtp-ports'] ?? 'anywhere'}`;
}

/** A call through the embedded exchange to its echo: every part of this program but the network. */
async function audio(): Promise<string> {
  const password = cryptoRandom.token(12);
  await using exchange = await new Exchange({ users: { doctor: password } }).start();
  await using phone = new Phone({ server: exchange.address, username: 'doctor', password });
  const call = await phone.call('echo', { signal: AbortSignal.timeout(10_000) });
  const speech = await readWav(bundledSpeech());
  const samples = speech.mono.subarray(0, AUDIO_SECONDS * speech.sampleRate);
  const heard: number[] = [];
  const reader = call.audio({ sampleRate: speech.sampleRate });
  const listening = (async () => {
    for await (const frame of reader) heard.push(...frame.samples);
  })();
  await call.play({ samples, sampleRate: speech.sampleRate });
  await new Promise((resolve) => setTimeout(resolve, 500));
  reader.close();
  await listening;
  await call.hangup();
  const { correlation, coverage, delayMs } = compareAudio(samples, Int16Array.from(heard), speech.sampleRate);
  const there = `correlation ${correlation.toFixed(3)}, ${(coverage * 100).toFixed(0)} % there`;
  if (correlation < LEAST_CORRELATION || coverage < LEAST_COVERAGE) {
    throw new SwitchhookError('ERR_MEDIA_ECHO', { why: there });
  }
  const strained = correlation < CLEAN_CORRELATION ? '; stretched in places: the machine is busy' : '';
  return `${there}, there and back in ${delayMs.toFixed(0)} ms${strained}`;
}

/** Servers have none, and need none. */
async function soundDevices(): Promise<string> {
  try {
    const devices = await listAudioDevices('auto', systemClock);
    const named = (kind: string, what: string): string => {
      const found = devices.filter((device) => device.kind === kind);
      const first = found.find(({ isDefault }) => isDefault) ?? found[0];
      return first
        ? `${what} ${first.name}${found.length > 1 ? ` and ${found.length - 1} more` : ''}`
        : `no ${what}`;
    };
    return `${named('input', 'microphone')}, ${named('output', 'speaker')}`;
  } catch (error) {
    if (!isSwitchhookError(error, 'ERR_AUDIO_BACKEND')) throw error;
    return `none (${String(error.details.why)}); calls work without`;
  }
}

async function dns(values: Values): Promise<string> {
  const resolver = new TargetResolver({
    clock: systemClock,
    random: cryptoRandom,
    logger: nullLogger,
    dns: createDnsClient(),
    supported: ['udp', 'tcp', 'tls'],
    family: 'any',
  });
  const uri = parseServer(values.server ?? '', 'server');
  if (values.transport && !uri.transport) uri.params.set('transport', values.transport);
  const targets = await resolver.resolve(uri, AbortSignal.timeout(10_000));
  return targets.map(({ protocol, host, port }) => `${protocol}:${host}:${port}`).join(', ');
}

async function answers(values: Values): Promise<string> {
  await using phone = phoneFrom(values);
  const { server } = values;
  const target = /^sips?:/i.test(server ?? '') ? (server as string) : `sip:${server}`;
  const answer = await phone.options(target, { signal: AbortSignal.timeout(33_000) });
  return `${answer.status} ${answer.reason} after ${answer.roundTripMs.toFixed(0)} ms${answer.server ? `, ${answer.server}` : ''}`;
}

async function registration(values: Values): Promise<string> {
  await using phone = phoneFrom(values);
  await phone.register();
  const [{ account, grantedSeconds }] = phone.registrations;
  const nat = account.publicAddress;
  return `granted for ${grantedSeconds} s${nat ? `; the server sees us at ${nat.host}:${nat.port} (NAT)` : ''}`;
}
