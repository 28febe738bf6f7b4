/**
 * What applications add to the messages of lines: headers, SDP lines, User-to-User data and RTP header extensions; of a
 * call, of all, or of the next one. The calls and the user agent keep them; this finds whose they are.
 */
import type { Call } from '../../ua/index.js';
import type { Settings } from '../settings/settings.js';
import type { Stack } from '../stack.js';
import type { LineDesk } from '../status/line-desk.js';
import { headerLines } from './header-lines.js';

const NEXT = -3;
const ALL = -2;
const CLEAR = 0;

type UserToUser = Parameters<Call['setUserToUser']>[0];
type Extension = { profile: number; data: Uint8Array };

/** What can be put into messages; a call and the user agent have one. */
type Lines = Call['custom'];

export class LineExtras {
  readonly #stack: Stack;
  readonly #desk: LineDesk;
  readonly #settings: Settings;
  /** Names of headers set for all, to be taken back. */
  readonly #names = new Map<Lines, Set<string>>();
  #nextUui: UserToUser;
  #nextExtension: Extension | undefined;
  #all: Extension | undefined;
  /** What the calls have now. */
  readonly #sent = new Map<Call, Extension>();

  constructor(stack: Stack, desk: LineDesk, settings: Settings) {
    this.#stack = stack;
    this.#desk = desk;
    this.#settings = settings;
    this.#all = givenExtension(settings);
    settings.on('change', ({ name }) => {
      if (name === 'sendrtpeextraheaderonmute') for (const [call, one] of this.#sent) this.#send(call, one);
      if (name !== 'rtpextraheader' && name !== 'rtpextraheader_profile') return;
      this.#all = givenExtension(settings);
      for (const call of desk.calls) this.#send(call, this.#all);
    });
    stack.on('made', (phone) => {
      phone.lines.on('seated', ({ call }) => this.#seated(call));
      phone.lines.on('freed', ({ call }) => this.#sent.delete(call));
    });
    stack.on('stopped', () => this.#names.clear());
  }

  /** @param text header lines; '' with line 0 takes everything back */
  async setHeaders(line: number, text: string): Promise<boolean> {
    const headers = Object.entries(headerLines(text));
    if (headers.length === 0 && line !== CLEAR) return false;
    const targets = await this.#targets(line);
    for (const target of targets) {
      if (line === CLEAR)
        this.#clear(
          target,
          headers.map(([name]) => name),
        );
      else for (const [name, value] of headers) this.#set(target, name, value);
    }
    return targets.length > 0;
  }

  /** @param media true: behind the m= line, false: before the first */
  async setSdp(line: number, text: string, media: boolean): Promise<boolean> {
    const lines = line === CLEAR ? [] : text.split(/\r?\n/).filter((one) => /^[a-z]=/.test(one));
    if (lines.length === 0 && line !== CLEAR) return false;
    const targets = await this.#targets(line);
    const change = media ? { media: lines } : { session: lines };
    for (const target of targets) target.setSdp(line === CLEAR ? { media: [], session: [] } : change);
    return targets.length > 0;
  }

  setUserToUser(line: number, uui: UserToUser): boolean {
    const calls = line === NEXT || line === CLEAR ? [] : this.#desk.select(line);
    for (const call of calls) call.setUserToUser(uui);
    if (calls.length === 0) this.#nextUui = uui;
    return true;
  }

  /** What the next call is made with. */
  takeUserToUser(): UserToUser {
    const uui = this.#nextUui;
    this.#nextUui = undefined;
    return uui;
  }

  /** @param words 32-bit words; none takes it back */
  setExtension(line: number, profile: number, words: readonly number[]): boolean {
    const extension = line === CLEAR ? undefined : extensionOf(profile, words);
    if (line === NEXT) {
      this.#nextExtension = extension;
      return true;
    }
    if (line === ALL || line === CLEAR) this.#all = extension;
    const calls = line === CLEAR ? this.#desk.calls : this.#desk.select(line);
    for (const call of calls) this.#send(call, extension);
    return calls.length > 0 || line === ALL || line === CLEAR;
  }

  #seated(call: Call): void {
    const extension = this.#nextExtension ?? this.#all;
    this.#nextExtension = undefined;
    if (extension) call.on('connected', () => this.#send(call, extension));
  }

  #send(call: Call, extension: Extension | undefined): void {
    const repeats = this.#settings.number('sendrtpeextraheaderonmute');
    if (extension) this.#sent.set(call, extension);
    else this.#sent.delete(call);
    call.media?.setHeaderExtension(extension, Math.max(0, repeats));
  }

  async #targets(line: number): Promise<Lines[]> {
    if (line !== NEXT && line !== ALL && line !== CLEAR)
      return this.#desk.select(line).map(({ custom }) => custom);
    const phone = this.#stack.start();
    await phone.start();
    const agent = phone.userAgent;
    if (!agent) return [];
    if (line === NEXT) return [agent.nextCall];
    return line === ALL
      ? [agent.custom]
      : [agent.custom, agent.nextCall, ...this.#desk.calls.map(({ custom }) => custom)];
  }

  #set(target: Lines, name: string, value: string | readonly string[]): void {
    target.setHeader(name, value);
    const names = this.#names.get(target) ?? new Set();
    this.#names.set(target, names.add(name));
  }

  #clear(target: Lines, names: readonly string[]): void {
    for (const name of names.length > 0 ? names : (this.#names.get(target) ?? []))
      target.setHeader(name, undefined);
    if (names.length === 0) this.#names.delete(target);
  }
}

/** @returns undefined for profile 0 without words, which is none */
function extensionOf(profile: number, words: readonly number[]): Extension | undefined {
  if (profile === 0 && words.length === 0) return undefined;
  const data = Buffer.alloc(4 * words.length);
  for (const [at, word] of words.entries()) data.writeUInt32BE(word >>> 0, 4 * at);
  return { profile, data };
}

function givenExtension(settings: Settings): Extension | undefined {
  return extensionOf(
    settings.number('rtpextraheader_profile'),
    extensionWords(settings.text('rtpextraheader')) ?? [],
  );
}

/** 32-bit words in decimal, separated by semicolons; undefined when there is something else. */
export function extensionWords(text: string): number[] | undefined {
  const words = text
    .split(';')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const wrong = words.some((word) => !/^\d{1,10}$/.test(word) || Number(word) > 0xffff_ffff);
  return wrong ? undefined : words.map(Number);
}

/** The words of an extension, in decimal, separated by semicolons. */
export function extensionText({ data }: { data: Uint8Array }): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const words: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) words.push(bytes.readUInt32BE(at));
  return words.join(';');
}
