/** What `call` and `listen` do with a connected call: record, send digits, play, echo, end after a time. */
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SwitchhookError } from '../base/errors.js';
import type { Call } from '../ua/index.js';
import type { Values } from './arguments.js';
import type { Output } from './output.js';

/** Before anybody's phone rings. @throws ERR_MEDIA_FILE for a file that cannot be read or written */
export async function checkFiles({ play, record }: Pick<Values, 'play' | 'record'>): Promise<void> {
  const check = (path: string, mode: number, why: string): Promise<void> =>
    access(path, mode).catch((cause: unknown) => {
      throw new SwitchhookError('ERR_MEDIA_FILE', { path, why }, { cause });
    });
  if (play) await check(play, constants.R_OK, 'there is no such file to play, or it may not be read');
  if (record)
    await check(dirname(record), constants.W_OK, 'the folder to record into is missing or read-only');
}

/** Resolves when the actions are done: the file is over, the digits are out, or the call ended. */
export async function act(
  call: Call,
  values: Values,
  output: Output,
  recordPath = values.record,
): Promise<void> {
  const limit =
    values.duration === undefined ? undefined : setTimeout(() => void call.hangup(), values.duration * 1000);
  try {
    if (recordPath) {
      const recording = await call.record(recordPath);
      void call.ended.then(async () => {
        const { path, durationMs, error } = await recording.stop();
        if (error) output.error(error);
        else
          output.event(
            'recorded',
            `Recorded ${(durationMs / 1000).toFixed(1)} s to ${path}`,
            { path, durationMs },
            'good',
          );
      });
    }
    if (values.echo) call.echo();
    if (values.dtmf) {
      await call.sendDtmf(values.dtmf);
      output.event('dtmfSent', `Sent ${values.dtmf}`, { digits: values.dtmf });
    }
    if (values.play) {
      const { playedMs } = await call.play(values.play);
      output.event('played', `Played ${(playedMs / 1000).toFixed(1)} s of ${values.play}`, {
        file: values.play,
        playedMs,
      });
    }
  } catch (error) {
    if (call.state === 'ended') return;
    void call.hangup();
    throw error;
  } finally {
    void call.ended.then(() => clearTimeout(limit));
  }
}
