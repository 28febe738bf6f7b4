import { describe, expect, it } from 'vitest';
import { SwitchhookError } from '../../../src/base/errors.js';
import { describeOptions, OPTIONS, parseCommandLine, parseHeaders } from '../../../src/cli/arguments.js';
import { exitCodeOf } from '../../../src/cli/exit-codes.js';
import { formatDuration, Output } from '../../../src/cli/output.js';

describe('parseCommandLine', () => {
  it('takes long and short options, numbers and positionals', () => {
    const { values, positionals } = parseCommandLine(
      ['bob', '-u', 'ann', '--duration', '2.5', '--json'],
      ['user', 'duration', 'json'],
    );
    expect(positionals).toEqual(['bob']);
    expect(values).toMatchObject({ user: 'ann', duration: 2.5, json: true });
  });

  it('collects repeated headers', () => {
    const { values } = parseCommandLine(['-H', 'X-A: 1', '--header', 'X-B: two words'], ['header']);
    expect(parseHeaders(values.headers)).toEqual({ 'X-A': '1', 'X-B': 'two words' });
  });

  it.each([
    ['--duration', 'x'],
    ['--duration', '-1'],
    ['--duration', ''],
  ])('refuses %s %s by name', (name, value) => {
    expect(() => parseCommandLine([`${name}=${value}`], ['duration'])).toThrow(
      `--duration "${value}" is not a number`,
    );
  });

  it('refuses an option the command does not have', () => {
    expect(() => parseCommandLine(['--echo'], ['play'])).toThrow('--echo');
  });

  it('refuses a header that would break the message', () => {
    expect(() => parseHeaders(['no colon'])).toThrow('is not "Name: value"');
    expect(() => parseHeaders(['X: a\r\nVia: evil'])).toThrow('is not "Name: value"');
  });
});

describe('describeOptions', () => {
  it('lists every option it is asked for, with its help', () => {
    const text = describeOptions(['server', 'echo']);
    expect(text).toContain('--server host[:port]');
    expect(text).toContain(OPTIONS.echo.help);
    expect(text).toContain('-h, --help');
  });
});

describe('exitCodeOf', () => {
  it.each([
    ['ERR_INVALID_ARGUMENT', 2],
    ['ERR_AUTHENTICATION_FAILED', 3],
    ['ERR_CALL_REJECTED', 4],
    ['ERR_SIP_TIMEOUT', 5],
    ['ERR_DNS_NOT_FOUND', 6],
    ['ERR_MEDIA_NO_COMMON_CODEC', 7],
  ] as const)('%s → %i', (code, exit) => expect(exitCodeOf(new SwitchhookError(code))).toBe(exit));

  it('anything else → 1', () => expect(exitCodeOf(new Error('x'))).toBe(1));
});

describe('Output', () => {
  const collect = (options: { json: boolean; tty?: boolean }) => {
    const out: string[] = [];
    const err: string[] = [];
    const output = new Output({
      json: options.json,
      color: false,
      stream: { write: (text) => out.push(text), isTTY: options.tty, columns: 40 },
      errors: { write: (text) => err.push(text) },
    });
    return { output, out, err };
  };

  it('writes one JSON object per event, and nothing else, with json', () => {
    const { output, out } = collect({ json: true });
    output.event('connected', 'Connected', { codec: 'PCMU' });
    output.text('for people');
    output.live('status');
    output.error(new SwitchhookError('ERR_CALL_REJECTED', { status: 486, reason: 'Busy Here' }));
    output.result({ ok: true });
    const lines = out
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      { event: 'connected', codec: 'PCMU' },
      expect.objectContaining({
        event: 'error',
        code: 'ERR_CALL_REJECTED',
        details: { status: 486, reason: 'Busy Here' },
      }),
      { ok: true },
    ]);
  });

  it('keeps the live status below the lines of a terminal', () => {
    const { output, out } = collect({ json: false, tty: true });
    output.live('0:01 talking');
    output.event('dtmf', 'Digit 5');
    const shown = out.join('').split('\r\u001b[2K');
    expect(shown.at(-1)).toBe('0:01 talking');
    expect(shown.at(-2)).toBe('· Digit 5\n');
  });

  it('cuts the live status at the width of the terminal', () => {
    const { output, out } = collect({ json: false, tty: true });
    output.live('x'.repeat(100));
    expect(out.at(-1)).toHaveLength(39);
  });

  it('shows an error with its remedy', () => {
    const { output, err } = collect({ json: false });
    output.error(new SwitchhookError('ERR_CALL_REJECTED', { status: 486, reason: 'Busy Here' }));
    expect(err.join('')).toMatch(/✗ the call was rejected: 486 Busy Here\n {2}The status tells why/);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0:00'],
    [59_999, '0:59'],
    [83_456, '1:23'],
  ])('%i ms → %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});
