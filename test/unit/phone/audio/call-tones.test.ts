import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../../src/base/emitter.js';
import { SwitchhookError } from '../../../../src/base/errors.js';
import type { Playback, PlaybackResult, PlaySource } from '../../../../src/media/index.js';
import { CallTones, type CallTonesOptions, type ToneCall } from '../../../../src/phone/audio/call-tones.js';
import type { CallDirection, CallEnd, CallEvents, CallState } from '../../../../src/ua/index.js';

/** What of a call matters here. */
class FakeCall extends Emitter<CallEvents> {
  state: CallState;

  constructor(
    readonly id: string,
    readonly direction: CallDirection,
  ) {
    super();
    this.state = direction === 'incoming' ? 'ringing' : 'trying';
  }

  become(state: CallState): void {
    const previous = this.state;
    this.state = state;
    this.emit('state', state, previous);
  }

  progress(status: number): void {
    this.become('ringing');
    this.emit('progress', { status, reason: '', earlyMedia: status === 183 });
  }

  flow(): void {
    this.emit('flowing', { remote: { host: '10.0.0.9', port: 4000 } });
  }

  finish(by: CallEnd['by'], status: number): void {
    this.become('ended');
    this.emit('ended', { by, status, reason: '' } as CallEnd, {} as never);
  }
}

/** Plays nothing and notes what it should play; files named `missing` cannot be read. */
class Sounds {
  /** What sounds at the moment. */
  readonly now: string[] = [];
  /** Everything that ever did. */
  readonly all: string[] = [];

  play(role: 'speaker' | 'ringer', source: PlaySource, options: { loop?: boolean } = {}): Playback {
    const text = `${role} ${name(source)}${options.loop ? ' again and again' : ''}`;
    this.all.push(text);
    this.now.push(text);
    let finish: (result: PlaybackResult) => void = () => {};
    const done = new Promise<PlaybackResult>((resolve) => {
      finish = (result) => {
        const at = this.now.indexOf(text);
        if (at >= 0) this.now.splice(at, 1);
        resolve(result);
      };
    });
    if ('file' in source && String(source.file).includes('missing')) {
      const error = new SwitchhookError('ERR_MEDIA_FILE', {
        path: source.file,
        why: 'no such file or folder',
      });
      queueMicrotask(() => finish({ reason: 'error', playedMs: 0, error }));
    }
    return { done, stop: () => finish({ reason: 'stopped', playedMs: 0 }) };
  }
}

function name(source: PlaySource): string {
  if ('file' in source) return String(source.file);
  if (!('tone' in source) || typeof source.tone === 'string') return 'something';
  const [{ frequencies, durationMs }] = source.tone.segments;
  if (frequencies[0] === 784) return 'bell';
  return `${frequencies.join('+')} Hz/${durationMs}`;
}

async function desk(options: CallTonesOptions = {}) {
  const sounds = new Sounds();
  const errors: string[] = [];
  const tones = new CallTones(sounds, options, (error) => errors.push(error.code));
  let calls = 0;
  const call = async (direction: CallDirection): Promise<FakeCall> => {
    const made = new FakeCall(`call ${++calls}`, direction);
    tones.watch(made as unknown as ToneCall);
    await settle();
    return made;
  };
  return { sounds, errors, tones, call };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the tones of a phone', () => {
  it('[early-media/0] ring back from 180 or 183 on until audio of the other side arrives', async () => {
    const { sounds, call } = await desk({ country: 'us' });
    const one = await call('outgoing');
    expect(sounds.now).toEqual([]);
    one.progress(183);
    one.progress(180);
    expect(sounds.now).toEqual(['speaker 440+480 Hz/2000 again and again']);
    one.flow();
    expect(sounds.now).toEqual([]);
    one.progress(180);
    expect(sounds.now).toEqual([]);
    const two = await call('outgoing');
    two.progress(180);
    two.become('connected');
    expect(sounds.now).toEqual([]);
  });

  it('[early-media/1] ring with one file and ring back with another; one file serves both; and beep', async () => {
    const { sounds, call, tones } = await desk({ ringtone: 'in.wav', ringback: 'out.wav' });
    const incoming = await call('incoming');
    expect(sounds.now).toEqual(['ringer in.wav again and again']);
    incoming.become('connecting');
    expect(sounds.now).toEqual([]);
    const outgoing = await call('outgoing');
    outgoing.progress(180);
    expect(sounds.now).toEqual(['speaker out.wav again and again']);
    outgoing.finish('local', 487);
    tones.options = {
      ringtone: 'in.wav',
      beepOnIncoming: 'always',
      beep: { frequency: 600, durationMs: 300 },
    };
    const other = await call('outgoing');
    other.progress(180);
    expect(sounds.now).toEqual(['speaker in.wav again and again']);
    other.finish('local', 487);
    incoming.finish('local', 200);
    const next = await call('incoming');
    expect(sounds.now).toEqual(['speaker 600 Hz/300', 'ringer in.wav again and again']);
    next.finish('remote', 487);
    expect(sounds.now).toEqual(['speaker 600 Hz/300']);
  });

  it('[early-media/4] beep once for a second call, or ring, or nothing', async () => {
    for (const [ringInCall, expected] of [
      [undefined, ['speaker 1000 Hz/200']],
      ['ring', ['ringer bell again and again']],
      ['off', []],
    ] as const) {
      const { sounds, call } = await desk({ ringInCall });
      const first = await call('incoming');
      expect(sounds.now).toEqual(['ringer bell again and again']);
      first.become('connected');
      await call('incoming');
      expect(sounds.now).toEqual(expected);
    }
  });

  it('[early-media/4] tell of a refused call by a tone, unless the other side has said why itself', async () => {
    const heard = async (
      disconnect: CallTonesOptions['disconnect'],
      what: 'refused' | 'announced' | 'hung up' | 'cancelled' | 'unavailable',
    ) => {
      const { sounds, call } = await desk({ disconnect, country: 'de', ring: 'off' });
      const one = await call('outgoing');
      one.progress(180);
      if (what === 'announced') one.flow();
      if (what === 'hung up') one.become('connected');
      if (what === 'cancelled') one.finish('local', 487);
      else one.finish('remote', what === 'hung up' ? 200 : what === 'unavailable' ? 480 : 486);
      return sounds.all.join();
    };
    const busy = 'speaker 425 Hz/480';
    expect(await heard(undefined, 'refused')).toBe(busy);
    expect(await heard('auto', 'unavailable')).toBe('speaker 425 Hz/240');
    expect(await heard('auto', 'announced')).toBe('');
    expect(await heard('auto', 'hung up')).toBe('');
    expect(await heard('rejected', 'announced')).toBe(busy);
    expect(await heard('rejected', 'hung up')).toBe('');
    expect(await heard('always', 'hung up')).toBe(busy);
    expect(await heard('always', 'cancelled')).toBe('');
    expect(await heard('off', 'refused')).toBe('');
  });

  it('[early-media/5] take the built-in sound for a file that cannot be played, and say so', async () => {
    const { sounds, errors, call } = await desk({ ringtone: 'missing.wav' });
    const incoming = await call('incoming');
    expect(sounds.now).toEqual(['ringer bell again and again']);
    expect(errors).toEqual(['ERR_MEDIA_FILE']);
    incoming.finish('remote', 487);
    expect(sounds.now).toEqual([]);
    const outgoing = await call('outgoing');
    outgoing.progress(180);
    await settle();
    expect(sounds.now).toEqual(['speaker 425 Hz/1000 again and again']);
  });

  it('beep when a call stands, if it is one of those chosen', async () => {
    const beeps = async (connectBeep: CallTonesOptions['connectBeep']) => {
      const { sounds, tones, call } = await desk({ connectBeep, ring: 'off' });
      const found: boolean[] = [];
      for (const kind of ['incoming', 'automatic', 'outgoing'] as const) {
        const one = await call(kind === 'outgoing' ? 'outgoing' : 'incoming');
        if (kind === 'automatic') tones.answeredAutomatically(one as unknown as ToneCall);
        one.become('connected');
        found.push(sounds.all.length > 0);
        sounds.all.length = 0;
        one.finish('local', 200);
      }
      return found;
    };
    expect(await beeps(undefined)).toEqual([false, false, false]);
    expect(await beeps('automatic')).toEqual([false, true, false]);
    expect(await beeps('incoming')).toEqual([true, true, false]);
    expect(await beeps('outgoing')).toEqual([false, false, true]);
    expect(await beeps('all')).toEqual([true, true, true]);
  });

  it('do not ring for what was refused at once, nor when told to be silent', async () => {
    const { sounds, tones, call } = await desk();
    const refused = new FakeCall('x', 'incoming');
    tones.watch(refused as unknown as ToneCall);
    refused.finish('local', 480);
    await settle();
    expect(sounds.all).toEqual([]);
    const one = await call('incoming');
    tones.silence(one as unknown as ToneCall);
    expect(sounds.now).toEqual([]);
    expect((await desk({ ring: 'off' })).sounds.all).toEqual([]);
  });
});
