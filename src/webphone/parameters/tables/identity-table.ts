/** Settings of how we present ourselves. */
import { rows } from '../spec.js';

export const identity = rows('identity', [
  {
    name: 'sendmac',
    type: 'bool',
    default: false,
    effect: 'restart',
    doc: 'Tell the MAC address of this machine in a header X-MAC.',
  },
  {
    name: 'useragent',
    type: 'string',
    default: '',
    effect: 'restart',
    doc: 'Name of the product in User-Agent and Server.',
  },
  {
    name: 'sip_uui',
    type: 'string',
    default: '',
    scope: 'both',
    effect: 'next call',
    doc: 'Data handed over in the User-to-User header; *0: in front is for the peer only, *1: for the target of a transfer.',
  },
  {
    name: 'displayname',
    type: 'string',
    default: '',
    scope: 'both',
    effect: 'next call',
    doc: 'Our name as others see it.',
  },
  {
    name: 'p_preferred_identity',
    aliases: ['p_referred_identity'],
    type: 'string',
    default: '',
    scope: 'both',
    effect: 'next call',
    doc: 'Value of P-Preferred-Identity; a dash stands for our own address.',
  },
  {
    name: 'p_asserted_identity',
    type: 'string',
    default: '',
    scope: 'both',
    effect: 'next call',
    doc: 'Value of P-Asserted-Identity; a dash stands for our own address.',
  },
  {
    name: 'remote_party_id',
    type: 'string',
    default: '',
    scope: 'both',
    effect: 'next call',
    doc: 'Value of Remote-Party-ID; a dash stands for our own address.',
  },
  {
    name: 'privacy',
    type: 'string',
    default: '',
    scope: 'both',
    effect: 'next call',
    doc: 'Value of the Privacy header.',
  },
]);
