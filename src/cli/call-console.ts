/**
 * A call in the terminal: tells what happens to it, shows time and quality live, and takes keys: digits are sent as
 * DTMF, h holds and resumes, m mutes, q hangs up.
 */
import { probeReach } from '../sip/index.js';
import type { Call } from '../ua/index.js';
import { formatDuration, type Output } from './output.js';

const REFRESH_MS = 500;
const PROBE_MS = 2000;

/** Tells the events of a call until it ends. */
export function announce(call: Call, output: Output): void {
  const peer = call.remote.displayName ? `${call.remote.displayName} <${call.remote.uri}>` : call.remote.uri;
  const data = { callId: call.id, remote: call.remote.uri, direction: call.direction };
  if (call.direction === 'incoming') output.event('incoming', `Call from ${peer}`, data);
  else output.event('calling', `Calling ${peer}`, data);
  call.on('progress', ({ status, reason, earlyMedia }) => {
    output.event('progress', `${status} ${reason}${earlyMedia ? ' (early media)' : ''}`, {
      ...data,
      status,
      reason,
      earlyMedia,
    });
  });
  call.on('noResponse', (report) => {
    output.event('noResponse', `No answer yet: ${report.explanation}`, { ...data, ...report }, 'bad');
    void nobodyListens(report.target).then((nobody) => {
      if (!nobody || call.state === 'ended') return;
      const text = `Nothing listens at ${report.target}: the host says so itself`;
      output.event('nobodyListens', text, { ...data, target: report.target }, 'bad');
    });
  });
  call.on('connected', () => {
    output.event(
      'connected',
      `Connected, ${call.codec ?? 'no audio'}${protection(call)}`,
      { ...data, codec: call.codec, encryption: call.encryption },
      'good',
    );
  });
  call.on('dtmf', ({ digit, via }) => output.event('dtmf', `Digit ${digit}`, { ...data, digit, via }));
  call.on('hold', ({ by, held }) => {
    const text =
      by === 'local' ? (held ? 'On hold' : 'Resumed') : held ? 'The peer put us on hold' : 'The peer resumed';
    output.event('hold', text, { ...data, by, held });
  });
  call.on('encryption', (encryption) => {
    const text = encryption.srtp ? `Media encrypted: ${encryption.srtp}` : 'The media is no longer encrypted';
    output.event('encryption', text, { ...data, ...encryption }, encryption.srtp ? 'good' : 'bad');
  });
  call.on('error', (error) =>
    output.event('mediaError', error.message, { ...data, code: error.code, details: error.details }, 'bad'),
  );
  call.on('noMedia', (report) =>
    output.event('noMedia', `No audio: ${report.explanation}`, { ...data, ...report }, 'bad'),
  );
  call.on('mediaBack', () => output.event('mediaBack', 'Audio is back', data, 'good'));
  call.on('ended', (end, record) => {
    const media = record.media;
    output.live('');
    // What kept it from being answered is the error the command ends with.
    if (!output.json && call.direction === 'outgoing' && !record.answeredAt && end.by !== 'local') return;
    output.event(
      'ended',
      `Ended after ${formatDuration(record.durationMs)}: ${end.reason}` +
        (media && record.answeredAt
          ? ` (sent ${media.sent.packets}, received ${media.received.packets}, lost ${media.received.lost}, MOS ${media.mos.toFixed(1)})`
          : ''),
      { record },
      end.by === 'error' ? 'bad' : 'plain',
    );
  });
}

/** By the ICMP error, which SIP's own socket does not hear. @param target as `udp:192.0.2.1:5060` */
async function nobodyListens(target: string): Promise<boolean> {
  const [, host, port] = /^udp:\[?(.+?)\]?:(\d+)$/.exec(target) ?? [];
  return host !== undefined && (await probeReach('udp', host, Number(port), PROBE_MS)) === 'refused';
}

function protection({ encryption: { srtp, signalling } }: Call): string {
  if (!srtp) return '';
  return signalling === 'tls' || signalling === 'wss' ? `, ${srtp}` : `, ${srtp} (keys in the clear)`;
}

/** Shows the live status of a connected call and takes keys; ends with the call. */
export function attend(call: Call, output: Output): void {
  if (!output.interactive) return;
  const startedAt = Date.now();
  let muted = false;
  const timer = setInterval(() => {
    call.stats().then(
      (stats) => {
        if (call.state === 'ended') return;
        const marks = [call.held.local && 'hold', call.held.remote && 'held', muted && 'muted']
          .filter(Boolean)
          .join(' ');
        output.live(
          `${formatDuration(Date.now() - startedAt)}  ${stats.codec ?? ''}  ↑${stats.sent.packets} ↓${stats.received.packets}` +
            `  lost ${stats.received.lost}  jitter ${stats.received.jitterMs.toFixed(1)} ms  MOS ${stats.mos.toFixed(1)}  ${marks}` +
            '  [0-9*#] DTMF  [h]old  [m]ute  [q]uit',
        );
      },
      () => {},
    );
  }, REFRESH_MS);
  timer.unref();
  const stopKeys = takeKeys((key) => {
    if (/^[0-9*#]$/.test(key)) call.sendDtmf(key).catch((error: unknown) => output.error(error));
    else if (key === 'h')
      (call.held.local ? call.resume() : call.hold()).catch((error: unknown) => output.error(error));
    else if (key === 'm') {
      muted = !muted;
      call.mute({ send: muted });
    } else if (key === 'q') void call.hangup();
    else if (key === '\u0003') process.kill(process.pid, 'SIGINT');
  });
  void call.ended.then(() => {
    clearInterval(timer);
    stopKeys();
  });
}

/** Single key strokes from a terminal; @returns the function that gives the terminal back */
function takeKeys(onKey: (key: string) => void): () => void {
  const input = process.stdin;
  if (!input.isTTY) return () => {};
  input.setRawMode(true);
  input.resume();
  input.unref();
  const listener = (data: Buffer): void => {
    for (const key of data.toString('utf8')) onKey(key);
  };
  input.on('data', listener);
  return () => {
    input.off('data', listener);
    input.setRawMode(false);
    input.pause();
  };
}
