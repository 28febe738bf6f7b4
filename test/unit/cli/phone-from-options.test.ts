import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../src/cli/arguments.js';
import { PHONE_OPTIONS, phoneOptionsFrom } from '../../../src/cli/phone-from-options.js';

const optionsOf = (...args: string[]) => phoneOptionsFrom(parseCommandLine(args, PHONE_OPTIONS).values);

describe('phoneOptionsFrom', () => {
  it('takes the mode of SRTP', () => {
    expect(optionsOf('--srtp', 'Required').media?.srtp).toBe('required');
    expect(optionsOf().media?.srtp).toBeUndefined();
    expect(() => optionsOf('--srtp', 'yes')).toThrow('--srtp "yes" is not one of off, optional, required');
  });
});
