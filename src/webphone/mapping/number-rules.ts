/** The texts of `numrewriterules` and `numrewriterulesadv` as rules of the phone. What is not understood is left out. */
import type { NumberRule, PrefixRule } from '../../phone/index.js';

const CALLS: Readonly<Record<string, NumberRule['calls']>> = {
  0: 'outgoing',
  1: 'incoming',
  2: 'both',
  10: 'outgoingAll',
  11: 'incomingAll',
  12: 'all',
};
const WHEN: ReadonlyArray<NumberRule['when']> = [
  'always',
  'starts',
  'ends',
  'contains',
  'equals',
  'containsNot',
  'startsNot',
];
const ACTIONS: Readonly<Record<string, NumberRule['action']>> = {
  0: 'replace',
  1: 'set',
  2: 'remove',
  3: 'prefix',
  4: 'suffix',
  10: 'answer',
  11: 'ignore',
  12: 'forward',
  13: 'reject',
};

/** `07;00407;8;12,…`: prefix, what it becomes, shortest and longest number. */
export function prefixRules(text: string): PrefixRule[] {
  return text.split(',').flatMap((rule) => {
    const [from, to = '', min, max] = rule.split(';').map((part) => part.trim());
    return from ? [{ from, to, min: bound(min), max: bound(max) }] : [];
  });
}

/** Rules of eight parts, each of them with a separator in front: `,0;1;07;7;0;07;00407;1`. */
export function rewritingRules(text: string): NumberRule[] {
  return text
    .replaceAll('_L_', ',')
    .replaceAll('_P_', ';')
    .split(',')
    .flatMap((rule) => {
      const parts = rule.split(';').map((part) => part.trim());
      // A separator may stand in front of the first part as well.
      if (parts[0] === '' && parts.length > 1) parts.shift();
      const [calls, when, found, min, action, from, to, last] = parts;
      if (found === undefined) return [];
      return [
        {
          calls: CALLS[calls],
          when: WHEN[Number(when || 1)],
          text: found,
          min: bound(min),
          action: ACTIONS[action || '2'],
          from: from || undefined,
          to: to || undefined,
          last: last === '1',
        },
      ];
    });
}

function bound(text: string | undefined): number | undefined {
  return text && /^\d+$/.test(text) ? Number(text) : undefined;
}
