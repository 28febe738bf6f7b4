/**
 * A baresip on loopback: says a WAV file, keeps what it hears, is commanded through, and reports to, its control port. What it hears
 * is written by its `sndfile` filter behind the decoder, since its file module has no player.
 */
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { writeWav } from '../../../dist/media/index.js';
import { freePort } from '../free-port.js';
import { heardIn, PEER_LEAD_MS, SPEECH_RATE } from '../speech.js';
import type { Workbench } from '../workbench.js';
import type { PeerProcess } from './peer-process.js';

const MODULES = ['aufile', 'aubridge', 'sndfile', 'srtp'];
const EVENT_MS = 30_000;
/** At the end of its file baresip hangs up. */
const SILENCE_S = 60;

export interface BaresipOptions {
  /** What it says, 8 kHz. */
  says: Int16Array;
  /** Parameters of its account, such as `answermode=auto` or `mediaenc=srtp-mand`. */
  account?: string;
  /** Modules with the codecs it has; default G.711 alone. */
  codecs?: readonly string[];
  /** Further modules: `presence`. */
  modules?: readonly string[];
  /** Lines of its address book: `"We" <sip:…>;presence=p2p`. */
  contacts?: readonly string[];
  /** Its address of record; default `sip:baresip@` its own address. */
  aor?: string;
}

export interface Baresip {
  process: PeerProcess;
  port: number;
  uri: string;
  /** A command of its menu: 'dial', 'sip:…'. */
  command(name: string, parameters?: string): void;
  /** Waits for an event such as CALL_ESTABLISHED. @param from where to begin in what it reported */
  event(pattern: RegExp): Promise<RegExpExecArray>;
  /** What it has heard in its one call, which must be over. */
  heard(): Promise<Int16Array>;
}

let count = 0;

/** Resolves when it is ready. */
export async function startBaresip(bench: Workbench, options: BaresipOptions): Promise<Baresip> {
  const folder = bench.path(`baresip${++count}`);
  await mkdir(folder);
  const port = await freePort(1);
  const controlPort = await freePort();
  const uri = `sip:baresip@127.0.0.1:${port}`;
  const source = join(folder, 'says.wav');
  const words = new Int16Array(options.says.length + SILENCE_S * SPEECH_RATE);
  words.set(options.says, (PEER_LEAD_MS / 1000) * SPEECH_RATE);
  await writeWav(source, [words], SPEECH_RATE);
  const config = [
    'poll_method epoll',
    `sip_listen 127.0.0.1:${port}`,
    'net_interface 127.0.0.1',
    `audio_source aufile,${source}`,
    'audio_player aubridge,nowhere',
    'audio_alert aubridge,alert',
    ...['ausrc_srate 8000', 'auplay_srate 8000', 'ausrc_channels 1', 'auplay_channels 1'],
    'audio_buffer 20-160',
    'jitter_buffer_delay 5-10',
    'module_path /usr/lib/baresip/modules',
    ...[...(options.codecs ?? ['g711']), ...MODULES].map((name) => `module ${name}.so`),
    `snd_path ${folder}`,
    'module_app account.so',
    ...(options.modules ?? []).map((name) => `module_app ${name}.so`),
    'module_app menu.so',
    'module_app ctrl_tcp.so',
    `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
    'statmode_default off',
  ];
  writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`);
  const account = options.account ?? 'regint=0;answermode=auto';
  writeFileSync(join(folder, 'accounts'), `<${options.aor ?? uri}>;${account}\n`);
  writeFileSync(join(folder, 'contacts'), `${(options.contacts ?? []).join('\n')}\n`);
  const process = bench.start('baresip', ['-f', folder], { cwd: folder });
  await process.waitFor(/baresip is ready/);
  const control = await ControlPort.open(bench, controlPort);
  return {
    process,
    port,
    uri,
    command: (name, parameters) => control.command(name, parameters),
    event: (pattern) => control.waitFor(pattern),
    heard: async () => {
      const [file] = readdirSync(folder).filter((name) => name.endsWith('-dec.wav'));
      if (!file) throw new Error(`baresip has heard nothing\n${process.log.slice(-3000)}`);
      return heardIn(join(folder, file));
    },
  };
}

/** The `ctrl_tcp` module: JSON in netstrings, commands in, events out. */
class ControlPort {
  readonly #socket: Socket;
  readonly #waiters = new Set<() => void>();
  #received = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8').on('error', () => {});
    socket.on('data', (text: string) => {
      this.#received += text;
      for (const look of this.#waiters) look();
    });
  }

  static async open(bench: Workbench, port: number): Promise<ControlPort> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    bench.defer(() => socket.destroy());
    const control = new ControlPort(socket);
    bench.watch(() => `— events of baresip\n${control.#received.slice(-3000)}`);
    return control;
  }

  command(command: string, params?: string): void {
    const text = JSON.stringify({ command, params });
    this.#socket.write(`${Buffer.byteLength(text)}:${text},`);
  }

  waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(look);
      };
      const look = (): void => {
        const match = pattern.exec(this.#received);
        if (!match) return;
        settle();
        resolve(match);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error(`no event ${pattern} of baresip`));
      }, EVENT_MS);
      this.#waiters.add(look);
      look();
    });
  }
}
