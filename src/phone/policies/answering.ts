/**
 * Whether an incoming call is answered without anybody's doing, and when: by setting, by a text in the INVITE, or since
 * the caller asks for it (intercom, click-to-call, paging). Pure.
 */
import type { SipRequest } from '../../sip/index.js';

export interface AnsweringOptions {
  /**
   * `never`; `match`: when `match` is found in the INVITE; `caller`: also when Call-Info, Alert-Info, Answer-Mode (RFC
   * 5373) or Auto-Answer ask for it; `all`. Default 'match'.
   */
  automatic?: 'never' | 'match' | 'caller' | 'all';
  /** Looked for in the whole INVITE, whatever the case of the letters. */
  match?: string;
  /** How long it rings before; undefined = what the caller asks for (answer-after), else not at all. */
  delayMs?: number;
  /** No 180 before `call.ring()` or `call.answer()`. Default false. */
  defer?: boolean;
  /** Let calls ring, leave them without an answer, or refuse them with `rejectStatus`. Default 'ring'. */
  incoming?: 'ring' | 'ignore' | 'reject';
  /** Refuse calls while there is another. Default false. */
  rejectWhenBusy?: boolean;
  /** What a call is refused with that the phone refuses by itself. Default 480. */
  rejectStatus?: number;
  /** What a call is refused with on a busy phone. Default 486. */
  busyStatus?: number;
  /** Tell the application nothing of calls the phone deals with by itself. Default false. */
  hideAutomatic?: boolean;
}

/** What the caller asks for. */
export interface AnswerWish {
  answer: 'automatic' | 'manual';
  delayMs?: number;
  /** RFC 5373 §4.1: rather a refusal than the other mode. */
  required?: boolean;
}

/** How long to ring before answering automatically, in ms; undefined = somebody has to answer. */
export function automaticAnswer(invite: SipRequest, options: AnsweringOptions): number | undefined {
  const { automatic = 'match', match } = options;
  if (automatic === 'never') return undefined;
  const wish = answerWish(invite);
  const wanted =
    automatic === 'all' ||
    contains(invite, match) ||
    (automatic === 'caller' && wish?.answer === 'automatic');
  if (!wanted) return undefined;
  return options.delayMs ?? wish?.delayMs ?? 0;
}

/** RFC 5373 §4.3: the caller insists on a mode this call will not be answered in. */
export function modeRefused(invite: SipRequest, options: AnsweringOptions): boolean {
  const wish = answerWish(invite);
  if (!wish?.required) return false;
  return (automaticAnswer(invite, options) !== undefined) !== (wish.answer === 'automatic');
}

/** True when `text`, if there is one, is part of the INVITE. */
export function contains(invite: SipRequest, text: string | undefined): boolean {
  if (!text) return false;
  return Buffer.from(invite.toBytes()).toString('utf8').toLowerCase().includes(text.toLowerCase());
}

/** What the headers of an INVITE say of how to answer it. */
export function answerWish(invite: SipRequest): AnswerWish | undefined {
  const delayMs = delayOf(invite);
  for (const name of ['Priv-Answer-Mode', 'Answer-Mode']) {
    const mode = invite.get(name)?.trim().toLowerCase();
    if (!mode) continue;
    const answer = mode.startsWith('auto') ? 'automatic' : mode.startsWith('manual') ? 'manual' : undefined;
    if (answer) return { answer, delayMs, required: /;\s*require\b/.test(mode) };
  }
  const calls = invite.getAll('Call-Info').some((value) => /answer-after\s*=/i.test(value));
  const alerts = invite
    .getAll('Alert-Info')
    .some((value) => /auto[- ]?answer|ring[- ]?answer|answer-after|intercom/i.test(value));
  const plain = ['Auto-Answer', 'P-Auto-Answer', 'X-Auto-Answer'].some((name) => {
    const value = invite.get(name)?.trim();
    return value !== undefined && !/^(no|false|off|0)?$/i.test(value);
  });
  return calls || alerts || plain ? { answer: 'automatic', delayMs } : undefined;
}

function delayOf(invite: SipRequest): number | undefined {
  for (const name of ['Call-Info', 'Alert-Info', 'Answer-After']) {
    for (const value of invite.getAll(name)) {
      const found =
        name === 'Answer-After'
          ? /^\s*(\d+)/.exec(value)
          : /(?:answer-after|delay)\s*=\s*"?(\d+)/i.exec(value);
      if (found) return Number(found[1]) * 1000;
    }
  }
  return undefined;
}
