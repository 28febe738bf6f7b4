/** Makes the Phone of a command from its options, with logging and tracing to standard error. */
import { asBuffer } from '../base/bytes.js';
import { SwitchhookError } from '../base/errors.js';
import { createLogger, formatLogRecord, type Logger, type LogLevel } from '../base/logger.js';
import { withoutKeys } from '../base/redact.js';
import type { AudioBackendName } from '../media/index.js';
import { Phone, type PhoneOptions } from '../phone/index.js';
import { resolveTarget, type SrtpMode } from '../ua/index.js';
import { type OptionName, readFileOption, type Values } from './arguments.js';

export const PHONE_OPTIONS = [
  'server',
  'user',
  'password',
  'auth-user',
  'display-name',
  'domain',
  'proxy',
  'transport',
  'ca',
  'insecure',
  'listen',
  'codec',
  'srtp',
  'rtp-ports',
  'expires',
  'trace',
  'log',
  'json',
] as const satisfies readonly OptionName[];

/** To talk by sound devices. */
export const DEVICE_OPTIONS = [
  'device',
  'mic',
  'speaker',
  'backend',
] as const satisfies readonly OptionName[];

const BACKENDS: readonly AudioBackendName[] = ['auto', 'pulse', 'decibri', 'null'];
const SRTP_MODES: readonly SrtpMode[] = ['off', 'optional', 'required'];
const LEVELS: readonly string[] = ['error', 'warn', 'info', 'debug', 'trace'];

/** @throws ERR_INVALID_ARGUMENT naming the option */
export function loggerFrom(values: Values): Logger | undefined {
  if (values.log === undefined) return undefined;
  if (!LEVELS.includes(values.log)) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `--log "${values.log}" is not one of ${LEVELS.join(', ')}`,
    });
  }
  return createLogger({
    level: values.log as LogLevel,
    sink: (record) => process.stderr.write(`${formatLogRecord(record)}\n`),
  });
}

/** @throws ERR_INVALID_ARGUMENT naming the option */
export function phoneOptionsFrom(values: Values): PhoneOptions {
  const transport = values.transport?.toLowerCase();
  if (transport !== undefined && transport !== 'udp' && transport !== 'tcp' && transport !== 'tls') {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `--transport "${values.transport}" is not udp, tcp or tls`,
    });
  }
  return {
    server: values.server,
    username: values.user,
    password: values.password ?? (values.user ? process.env.SIP_PASSWORD : undefined),
    authUsername: values['auth-user'],
    displayName: values['display-name'],
    domain: values.domain,
    outboundProxy: values.proxy,
    transport,
    expires: values.expires,
    listen: values.listen ? parseListen(values.listen) : undefined,
    tls:
      values.ca || values.insecure
        ? { ca: values.ca ? readFileOption('ca', values.ca) : undefined, verify: !values.insecure }
        : undefined,
    media: {
      codecs: values.codec
        ?.split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
      srtp: values.srtp === undefined ? undefined : srtpMode(values.srtp),
      portRange: values['rtp-ports'] ? parseRange(values['rtp-ports']) : undefined,
    },
    audio: audioFrom(values),
    logger: loggerFrom(values),
  };
}

/** @throws ERR_INVALID_ARGUMENT */
export function backendFrom({ backend = 'auto' }: Values): AudioBackendName {
  const found = BACKENDS.find((name) => name === backend.toLowerCase());
  if (found) return found;
  throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
    what: `--backend "${backend}" is not one of ${BACKENDS.join(', ')}`,
  });
}

/** Without any of these options nothing is opened. A side that is not named is silent. */
function audioFrom(values: Values): PhoneOptions['audio'] {
  const { device, mic, speaker } = values;
  if (device === undefined && mic === undefined && speaker === undefined) return undefined;
  const output = speaker ?? device ?? 'none';
  return {
    backend: backendFrom(values),
    microphone: mic ?? device ?? 'none',
    speaker: output,
    ringer: output,
  };
}

/** Whom to ask or call: without a server, `--transport` is for the target itself. @throws ERR_INVALID_ARGUMENT */
export function targetFrom(target: string, { server, proxy, transport }: Values): string {
  if (!transport || server || proxy) return target;
  const uri = resolveTarget(target, undefined);
  if (!uri.transport) uri.params.set('transport', transport.toLowerCase());
  return uri.toString();
}

export function phoneFrom(values: Values): Phone {
  const phone = new Phone(phoneOptionsFrom(values));
  if (values.trace) traceTo(phone, (text) => process.stderr.write(text));
  return phone;
}

function traceTo(phone: Phone, write: (text: string) => unknown): void {
  phone.diagnostics.sip.subscribe(({ direction, protocol, remote, data, time }) => {
    const arrow = direction === 'in' ? '<<<' : '>>>';
    const stamp = new Date(time).toISOString().slice(11, 23);
    const text = withoutKeys(asBuffer(data).toString('utf8'));
    write(`${arrow} ${stamp} ${protocol} ${remote.host}:${remote.port}\n${text}\n`);
  });
}

function srtpMode(text: string): SrtpMode {
  const mode = SRTP_MODES.find((one) => one === text.toLowerCase());
  if (mode) return mode;
  throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
    what: `--srtp "${text}" is not one of ${SRTP_MODES.join(', ')}`,
  });
}

function parseListen(text: string): { host?: string; port: number } {
  const match = /^(?:\[?([^\]]*?)\]?:)?(\d+)$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) {
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', {
      what: `--listen "${text}" is not a port or host:port`,
    });
  }
  return { host: match[1] || undefined, port };
}

function parseRange(text: string): [number, number] {
  const match = /^(\d+)-(\d+)$/.exec(text);
  if (!match)
    throw new SwitchhookError('ERR_INVALID_ARGUMENT', { what: `--rtp-ports "${text}" is not min-max` });
  return [Number(match[1]), Number(match[2])];
}
