import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../src/cli/arguments.js';
import { DEVICE_OPTIONS, PHONE_OPTIONS, phoneOptionsFrom } from '../../../src/cli/phone-from-options.js';

const optionsOf = (...args: string[]) =>
  phoneOptionsFrom(parseCommandLine(args, [...PHONE_OPTIONS, ...DEVICE_OPTIONS]).values);

describe('phoneOptionsFrom', () => {
  it('takes the mode of SRTP', () => {
    expect(optionsOf('--srtp', 'Required').media?.srtp).toBe('required');
    expect(optionsOf().media?.srtp).toBeUndefined();
    expect(() => optionsOf('--srtp', 'yes')).toThrow('--srtp "yes" is not one of off, optional, required');
  });

  it('takes sound devices when they are named, and is silent otherwise', () => {
    expect(optionsOf().audio).toBeUndefined();
    expect(optionsOf('--device', 'USB', '--mic', '2').audio).toMatchObject({
      microphone: '2',
      speaker: 'USB',
      ringer: 'USB',
    });
    expect(optionsOf('--mic', 'default').audio).toMatchObject({ microphone: 'default', speaker: 'none' });
    expect(() => optionsOf('--device', 'x', '--backend', 'oss')).toThrow('--backend "oss" is not one of');
  });
});
