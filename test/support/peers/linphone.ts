/** A linphonec on loopback: plays and records WAV files instead of a sound card, commanded by lines of text. */
import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWav } from '../../../dist/media/index.js';
import { freePort } from '../free-port.js';
import { heardIn, PEER_LEAD_MS, SPEECH_RATE } from '../speech.js';
import type { Workbench } from '../workbench.js';
import type { PeerProcess } from './peer-process.js';

/** Its file player begins again at the end. */
const SILENCE_S = 60;

export interface LinphoneOptions {
  /** What it says, 8 kHz. */
  says: Int16Array;
  autoAnswer?: boolean;
  /** Crypto-suites to offer and accept; then calls without SRTP are refused unless `srtpOptional`. */
  srtpSuites?: string;
  srtpOptional?: boolean;
}

export interface Linphone {
  process: PeerProcess;
  uri: string;
  /** `call sip:…`, `terminate`, `answer`, a digit during a call … */
  command(line: string): void;
  /** What it has heard in its one call, which must be over. */
  heard(): Promise<Int16Array>;
}

/** Resolves when it is ready. */
export async function startLinphone(bench: Workbench, options: LinphoneOptions): Promise<Linphone> {
  const port = await freePort();
  const rtpPort = await freePort(1);
  const home = bench.path(`linphone${port}`);
  await mkdir(join(home, '.local/share/linphone'), { recursive: true });
  const says = join(home, 'says.wav');
  const heard = join(home, 'heard.wav');
  const words = new Int16Array(options.says.length + SILENCE_S * SPEECH_RATE);
  words.set(options.says, (PEER_LEAD_MS / 1000) * SPEECH_RATE);
  await writeWav(says, [words], SPEECH_RATE);
  const config = [
    '[sip]',
    'bind_address=127.0.0.1',
    `sip_port=${port}`,
    `sip_tcp_port=${port}`,
    'sip_tls_port=0',
    `contact=sip:linphone@127.0.0.1:${port}`,
    'guess_hostname=0',
    ...(options.srtpSuites === undefined
      ? []
      : [
          'media_encryption=srtp',
          `media_encryption_mandatory=${options.srtpOptional ? 0 : 1}`,
          `srtp_crypto_suites=${options.srtpSuites}`,
        ]),
    '[net]',
    'dns_srv_enabled=0',
    '[rtp]',
    `audio_rtp_port=${rtpPort}`,
    '[sound]',
    'echocancellation=0',
    '[video]',
    ...['enabled=0', 'capture=0', 'display=0'],
  ];
  writeFileSync(join(home, 'linphonerc'), `${config.join('\n')}\n`);
  const process = bench.start(
    'linphonec',
    [...(options.autoAnswer ? ['-a'] : []), '-c', join(home, 'linphonerc')],
    { cwd: home, env: { HOME: home, TERM: 'dumb' } },
  );
  const linphone: Linphone = {
    process,
    uri: `sip:linphone@127.0.0.1:${port}`,
    command: (line) => process.write(line),
    heard: () => heardIn(heard),
  };
  await process.waitFor(/linphonec>/);
  linphone.command('soundcard use files');
  await process.waitFor(/Using wav files/);
  linphone.command(`play ${says}`);
  linphone.command(`record ${heard}`);
  await process.waitFor(/heard\.wav\s+linphonec>/);
  return linphone;
}
