/**
 * From what was dialled to what is called: digits to send after the answer, normalisation, prefixes, rules, and what is
 * done by itself with callers whose number fits a rule. Pure; asked by the desks of the phone.
 */

export interface PrefixRule {
  from: string;
  to: string;
  /** Length of the numbers it is for. */
  min?: number;
  max?: number;
}

export interface NumberRule {
  /** Calls it is for; `…All`: also numbers that are no telephone numbers. Default 'outgoing'. */
  calls?: 'outgoing' | 'incoming' | 'both' | 'outgoingAll' | 'incomingAll' | 'all';
  /** Default 'starts'. */
  when?: 'always' | 'starts' | 'ends' | 'contains' | 'equals' | 'containsNot' | 'startsNot';
  /** What `when` looks for. */
  text?: string;
  /** Length the number has to have at least. Default 7. */
  min?: number;
  /**
   * `replace` changes `from` into `to`, `set` the whole number; `remove` takes `text` out; the others add `to`, or deal
   * with an incoming call. Default 'remove'.
   */
  action?: 'replace' | 'set' | 'remove' | 'prefix' | 'suffix' | 'answer' | 'ignore' | 'forward' | 'reject';
  from?: string;
  /** Also where `forward` sends the call. */
  to?: string;
  /** No further rule when this one fits. */
  last?: boolean;
}

export interface NumberOptions {
  /** Put before every number that is called. */
  techPrefix?: string;
  /** Take . - ; ( ) [ ] : and spaces out of numbers without letters; 'auto': unless our user name has such. Default 'auto'. */
  normalise?: boolean | 'auto';
  prefixRules?: readonly PrefixRule[];
  rules?: readonly NumberRule[];
  /**
   * What becomes of `user@host`: only the user is called at our server; called there only when it is an IP address or a
   * name with a server behind it; always called there. Default 'always'.
   */
  directCalls?: 'never' | 'resolvable' | 'always';
  /** Calls to `user@host` go through our server, or straight to that host. Default 'server'. */
  directRoute?: 'server' | 'target';
}

export interface DialString {
  target: string;
  /** To be sent after the answer. */
  digits: string;
  digitsDelayMs: number;
}

/** A little: for gateways that do not listen from the first moment on. */
const DIGITS_DELAY_MS = 1000;
const MIN_RULE_LENGTH = 7;
const PUNCTUATION = /[.\-;()[\]:\s]/g;

/** `1234,56` is 1234 and 56 when it answers; `1234;56` a little later. In an address only `,` after the host counts. */
export function splitDialString(text: string): DialString {
  const found = isAddress(text)
    ? /^(.*@[^,]*)(,)([0-9*#A-Da-d, ]+)$/.exec(text)
    : /^([^,;]+)([,;])([0-9*#A-Da-d,; ]+)$/.exec(text);
  if (!found) return { target: text, digits: '', digitsDelayMs: 0 };
  const digits = found[3].replace(/[; ]/g, ',').toUpperCase();
  return { target: found[1].trim(), digits, digitsDelayMs: found[2] === ';' ? DIGITS_DELAY_MS : 0 };
}

/** True for `user@host` and URIs, which no number rule is for. */
export function isAddress(text: string): boolean {
  return text.includes('@') || /^(sips?|tel):/i.test(text);
}

/** The number to call for the one dialled. @param ownUser our user name: the model for 'auto' */
export function rewriteCalled(number: string, options: NumberOptions, ownUser: string | undefined): string {
  let called = number.trim();
  const { normalise = 'auto', techPrefix = '' } = options;
  const strip =
    normalise === 'auto' ? ownUser === undefined || ownUser.replace(PUNCTUATION, '') === ownUser : normalise;
  if (strip && isNumber(called)) called = called.replace(PUNCTUATION, '');
  called = applyPrefixRules(called, options.prefixRules ?? []);
  called = applyRules(called, options.rules ?? [], 'outgoing').number;
  return techPrefix + called;
}

export interface CallerVerdict {
  /** The number to show. */
  number: string;
  action?: 'answer' | 'ignore' | 'forward' | 'reject';
  /** Where `forward` sends the call. */
  to?: string;
}

/** What the rules make of a caller. */
export function judgeCaller(number: string, options: NumberOptions): CallerVerdict {
  return applyRules(number, options.rules ?? [], 'incoming');
}

function applyPrefixRules(number: string, rules: readonly PrefixRule[]): string {
  for (const { from, to, min = 0, max = Number.POSITIVE_INFINITY } of rules) {
    if (number.startsWith(from) && number.length >= min && number.length <= max) {
      return to + number.slice(from.length);
    }
  }
  return number;
}

function applyRules(
  number: string,
  rules: readonly NumberRule[],
  way: 'outgoing' | 'incoming',
): CallerVerdict {
  const verdict: CallerVerdict = { number };
  for (const rule of rules) {
    if (!isFor(rule, way, verdict.number) || !fits(rule, verdict.number)) continue;
    const { action = 'remove', text = '', from = '', to = '' } = rule;
    if (action === 'replace') verdict.number = from ? verdict.number.replaceAll(from, to) : verdict.number;
    else if (action === 'set') verdict.number = to;
    else if (action === 'remove') verdict.number = removed(verdict.number, text, rule.when);
    else if (action === 'prefix') verdict.number = to + verdict.number;
    else if (action === 'suffix') verdict.number += to;
    else {
      verdict.action ??= action;
      verdict.to ??= to;
    }
    if (rule.last) break;
  }
  return verdict;
}

function isFor({ calls = 'outgoing' }: NumberRule, way: 'outgoing' | 'incoming', number: string): boolean {
  if (calls === `${way}All` || calls === 'all') return true;
  return (calls === way || calls === 'both') && isNumber(number);
}

function fits({ when = 'starts', text = '', min = MIN_RULE_LENGTH }: NumberRule, number: string): boolean {
  if (number.length < min) return false;
  switch (when) {
    case 'always':
      return true;
    case 'starts':
      return number.startsWith(text);
    case 'ends':
      return number.endsWith(text);
    case 'contains':
      return number.includes(text);
    case 'equals':
      return number === text;
    case 'containsNot':
      return !number.includes(text);
    case 'startsNot':
      return !number.startsWith(text);
  }
}

function removed(number: string, text: string, when: NumberRule['when'] = 'starts'): string {
  if (text === '') return number;
  if (when === 'starts') return number.slice(text.length);
  if (when === 'ends') return number.slice(0, -text.length);
  return number.replaceAll(text, '');
}

/** A telephone number, as opposed to a name: it has no letters. */
function isNumber(text: string): boolean {
  return text !== '' && !/[a-z]/i.test(text);
}
