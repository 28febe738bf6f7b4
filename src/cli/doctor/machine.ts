/** What `switchhook doctor` finds out about this machine, without any server. */
import { systemClock } from '../../base/clock.js';
import { isSwitchhookError, SwitchhookError } from '../../base/errors.js';
import { interfaceAddresses } from '../../base/interfaces.js';
import { cryptoRandom } from '../../base/random.js';
import { Exchange } from '../../exchange/index.js';
import { listAudioDevices } from '../../media/index.js';
import { Phone } from '../../phone/index.js';
import type { Values } from '../arguments.js';
import { phoneFrom } from '../phone-from-options.js';
import { speakAndListen } from './voice.js';

/** Below this, what comes back is something else. */
const LEAST_CORRELATION = 0.8;
const LEAST_COVERAGE = 0.9;
/** Below this, time was stretched or audio made up somewhere: no fault of the settings. */
const CLEAN_CORRELATION = 0.95;

export async function addresses(): Promise<string> {
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

export async function ports(values: Values): Promise<string> {
  await using phone = phoneFrom({ ...values, server: undefined, user: undefined, password: undefined });
  await phone.start();
  const sip = phone.addresses.map(({ protocol, port }) => `${protocol} ${port}`).join(', ');
  const call = await phone.dial('sip:nobody@127.0.0.1:9');
  call.hangup();
  await call.ended;
  return `${sip}; RTP ${values['rtp-ports'] ?? 'anywhere'}`;
}

/** A call through the embedded exchange to its echo: every part of this program but the network. */
export async function audio(): Promise<string> {
  const password = cryptoRandom.token(12);
  await using exchange = await new Exchange({ users: { doctor: password } }).start();
  await using phone = new Phone({ server: exchange.address, username: 'doctor', password });
  const call = await phone.call('echo', { signal: AbortSignal.timeout(10_000) });
  const { correlation, coverage, delayMs } = await speakAndListen(call);
  await call.hangup();
  const there = `correlation ${correlation.toFixed(3)}, ${(coverage * 100).toFixed(0)} % there`;
  if (correlation < LEAST_CORRELATION || coverage < LEAST_COVERAGE) {
    throw new SwitchhookError('ERR_MEDIA_ECHO', { why: there });
  }
  const strained = correlation < CLEAN_CORRELATION ? '; stretched in places: the machine is busy' : '';
  return `${there}, there and back in ${delayMs.toFixed(0)} ms${strained}`;
}

/** Servers have none, and need none. */
export async function soundDevices(): Promise<string> {
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
