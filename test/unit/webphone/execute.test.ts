import { afterEach, describe, expect, it } from 'vitest';
import { BindError, bind } from '../../../src/webphone/functions/bind.js';
import { define, type FunctionSpec } from '../../../src/webphone/functions/spec.js';
import { FUNCTIONS, findFunction } from '../../../src/webphone/functions/table.js';
import { Webphone } from '../../../src/webphone/index.js';

const call = define('API_Sample', {
  group: 'calls',
  overloads: [
    [{ name: 'account', type: 'string' }],
    [
      { name: 'line', type: 'int' },
      { name: 'peer', type: 'string', aliases: ['number'] },
      { name: 'loud', type: 'boolean', default: false },
    ],
  ],
  returns: 'boolean',
  doc: '',
  run: () => true,
}) as FunctionSpec;

const bound = (args: Parameters<typeof bind>[1]) => bind(call, args, (text) => text);

describe('binding of arguments', () => {
  it.each([
    [['2222'], { account: '2222' }],
    [[1, 'x'], { line: 1, peer: 'x', loud: false }],
    [['1', 'x', 'true'], { line: 1, peer: 'x', loud: true }],
    [[' -1 ', 7, 1], { line: -1, peer: '7', loud: true }],
    [[true, 'x', 'no'], { line: 1, peer: 'x', loud: false }],
    [[1, 'x', ''], { line: 1, peer: 'x', loud: false }],
    [[1, 'x', undefined], { line: 1, peer: 'x', loud: false }],
    [[1, 'x', true, 'more'], { line: 1, peer: 'x', loud: true }],
    [
      { line: '1', peer: 'x' },
      { line: 1, peer: 'x', loud: false },
    ],
    [
      { LINE: 1, Number: 'x', loud: 'yes' },
      { line: 1, peer: 'x', loud: true },
    ],
    [
      { param1: '1', param2: 'x' },
      { line: 1, peer: 'x', loud: false },
    ],
    [
      { param1: '1', peer: 'x' },
      { line: 1, peer: 'x', loud: false },
    ],
    [{ account: 'a' }, { account: 'a' }],
  ])('%j', (args, expected) => {
    expect(bound(args as never)).toEqual(expected);
  });

  it.each([[[]], [['a', 'b']], [{ peer: 'x' }], [{ line: 'one', peer: 'x' }], [[1, 'x', 'perhaps']]])(
    'refuses %j',
    (args) => {
      expect(() => bound(args as never)).toThrow(BindError);
    },
  );

  it('decrypts texts before anything else', () => {
    expect(bind(call, ['secret', 'x'], (text) => (text === 'secret' ? '3' : text))).toMatchObject({
      line: 3,
    });
  });
});

describe('the entry', () => {
  let webphone: Webphone;
  afterEach(() => webphone.close());

  it('[API_Test] [API_TestEx] [API_TestEcho] [lifecycle/1] tests itself by any name', () => {
    webphone = new Webphone(0);
    expect(webphone.execute('API_Test')).toBe(true);
    expect(webphone.execute('test')).toBe(true);
    expect(webphone.execute('api_testex', {})).toBe(42);
    expect(webphone.execute('API_TestEcho', { param1: 'hello' })).toBe('hello');
    expect(webphone.API_TestEcho('typed')).toBe('typed');
    expect(webphone.API_TestEx()).toBe(42);
  });

  it('[notify:ERROR] [lifecycle/2] never throws: failure values and ERROR notifications', async () => {
    webphone = new Webphone(0);
    expect(webphone.execute('API_Nothing')).toBe(false);
    expect(webphone.execute('API_TestEcho')).toBe('');
    expect(webphone.execute('API_SetParameter', ['loglevel'])).toBe(false);
    expect(webphone.notifications.shared.poll().map(String)).toEqual([
      'ERROR,API_Nothing: no such function',
      "ERROR,API_TestEcho: argument 'echo' is missing",
      "ERROR,API_SetParameter: argument 'value' is missing",
    ]);
  });

  it('gives every function its failure value for hopeless arguments', async () => {
    webphone = new Webphone(0);
    for (const spec of FUNCTIONS) {
      if (spec.overloads.some((list) => list.every((argument) => argument.default !== undefined))) continue;
      const result = await webphone.execute(spec.name, { nonsense: {} });
      expect(typeof result, spec.name).toBe(
        {
          boolean: 'boolean',
          int: 'number',
          string: 'string',
          bytes: 'object',
          void: 'undefined',
          notification: 'undefined',
        }[spec.returns],
      );
    }
  });

  it('finds every function by its name and its aliases', () => {
    webphone = new Webphone(0);
    for (const spec of FUNCTIONS) {
      for (const name of [spec.name, ...spec.aliases]) {
        expect(findFunction(name)).toBe(spec);
        expect(typeof Reflect.get(webphone, name)).toBe('function');
      }
    }
    expect(new Set(FUNCTIONS.map(({ name }) => name)).size).toBe(FUNCTIONS.length);
  });
});
