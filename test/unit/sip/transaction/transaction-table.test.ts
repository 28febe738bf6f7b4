import { describe, expect, it } from 'vitest';
import { ClientInviteTransaction } from '../../../../src/sip/transaction/client-invite-transaction.js';
import { ServerInviteTransaction } from '../../../../src/sip/transaction/server-invite-transaction.js';
import { ServerNonInviteTransaction } from '../../../../src/sip/transaction/server-non-invite-transaction.js';
import { TransactionTable } from '../../../../src/sip/transaction/transaction-table.js';
import { handleOf, makeBench, responseTo, wireRequest } from './harness.js';

const OLD_VIA = 'SIP/2.0/UDP 10.0.0.1:5060';

function withInvite(headers: Record<string, string> = {}) {
  const bench = makeBench();
  const table = new TransactionTable();
  const tx = new ServerInviteTransaction(bench.context, wireRequest('INVITE', headers), bench.flow);
  table.addServer(tx);
  return { table, tx };
}

describe('matching requests to server transactions (§17.2.3)', () => {
  const via = (sentBy: string, branch: string) => ({ Via: `SIP/2.0/UDP ${sentBy};branch=${branch}` });

  it('goes by branch, sent-by and method', () => {
    const { table, tx } = withInvite();
    expect(table.matchRequest(wireRequest('INVITE'))).toBe(tx);
    expect(table.matchRequest(wireRequest('ACK'))).toBe(tx);
    expect(table.matchRequest(wireRequest('OPTIONS'))).toBeUndefined();
    expect(table.matchRequest(wireRequest('INVITE', via('10.0.0.1:5060', 'z9hG4bKtwo')))).toBeUndefined();
    expect(table.matchRequest(wireRequest('INVITE', via('10.0.0.9:5060', 'z9hG4bKone')))).toBeUndefined();
    expect(table.matchRequest(wireRequest('INVITE', via('10.0.0.1:5062', 'z9hG4bKone')))).toBeUndefined();
    table.remove(tx);
    expect(table.matchRequest(wireRequest('INVITE'))).toBeUndefined();
    expect(table.serverCount).toBe(0);
  });

  it('finds the INVITE of a CANCEL', () => {
    const { table, tx } = withInvite();
    expect(table.matchCancel(wireRequest('CANCEL'))).toBe(tx);
    expect(table.matchCancel(wireRequest('CANCEL', via('10.0.0.1:5060', 'z9hG4bKtwo')))).toBeUndefined();
  });

  it('keeps CANCEL and INVITE of one branch apart', () => {
    const { table, tx } = withInvite();
    const bench = makeBench();
    const cancel = new ServerNonInviteTransaction(bench.context, wireRequest('CANCEL'), bench.flow);
    table.addServer(cancel);
    expect(table.matchRequest(wireRequest('CANCEL'))).toBe(cancel);
    expect(table.matchRequest(wireRequest('INVITE'))).toBe(tx);
  });

  describe('of RFC 2543 clients, without the magic cookie', () => {
    it('goes by Request-URI, tags, Call-ID, CSeq and Via', () => {
      const { table, tx } = withInvite({ Via: OLD_VIA });
      expect(table.matchRequest(wireRequest('INVITE', { Via: OLD_VIA }))).toBe(tx);
      const others: Array<Record<string, string>> = [
        { 'Call-ID': 'another' },
        { CSeq: '2 INVITE' },
        { From: '<sip:alice@a.example>;tag=other' },
        { To: '<sip:bob@b.example>;tag=x' },
        { Via: 'SIP/2.0/UDP 10.0.0.7' },
      ];
      for (const other of others) {
        expect(table.matchRequest(wireRequest('INVITE', { Via: OLD_VIA, ...other }))).toBeUndefined();
      }
    });

    it('takes an ACK with the To tag of our response', () => {
      const { table, tx } = withInvite({ Via: OLD_VIA });
      const handle = handleOf(tx);
      handle.respond(responseTo(handle.request, 486, 'ours'));
      const ack = (tag: string) => wireRequest('ACK', { Via: OLD_VIA, To: `<sip:bob@b.example>;tag=${tag}` });
      expect(table.matchRequest(ack('ours'))).toBe(tx);
      expect(table.matchRequest(ack('theirs'))).toBeUndefined();
    });

    it('finds the INVITE of a CANCEL', () => {
      const { table, tx } = withInvite({ Via: OLD_VIA });
      expect(table.matchCancel(wireRequest('CANCEL', { Via: OLD_VIA }))).toBe(tx);
      expect(table.matchCancel(wireRequest('CANCEL', { Via: OLD_VIA, CSeq: '2 CANCEL' }))).toBeUndefined();
    });
  });
});

describe('merged requests (§8.2.2.2)', () => {
  const other = { Via: 'SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKother' };

  it('are copies with the same From tag, Call-ID and CSeq', () => {
    const { table, tx } = withInvite();
    expect(table.isMerged(wireRequest('INVITE', other))).toBe(true);
    expect(table.isMerged(wireRequest('INVITE', { ...other, CSeq: '2 INVITE' }))).toBe(false);
    expect(table.isMerged(wireRequest('INVITE', { ...other, 'Call-ID': 'x' }))).toBe(false);
    table.remove(tx);
    expect(table.isMerged(wireRequest('INVITE', other))).toBe(false);
  });

  it('are looked for outside of dialogs only', () => {
    const { table } = withInvite();
    expect(table.isMerged(wireRequest('INVITE', { ...other, To: '<sip:bob@b.example>;tag=x' }))).toBe(false);
  });

  it('are known until the first of them ends, whatever happens to the copies', () => {
    const { table, tx } = withInvite();
    const bench = makeBench();
    const copy = new ServerInviteTransaction(bench.context, wireRequest('INVITE', other), bench.flow);
    table.addServer(copy);
    table.remove(copy);
    expect(table.isMerged(wireRequest('INVITE', other))).toBe(true);
    table.remove(tx);
    expect(table.isMerged(wireRequest('INVITE', other))).toBe(false);
  });
});

describe('matching responses to client transactions (§17.1.3)', () => {
  it('goes by branch and the method of CSeq', () => {
    const bench = makeBench();
    const table = new TransactionTable();
    const invite = wireRequest('INVITE');
    const tx = new ClientInviteTransaction(bench.context, invite, invite.toBytes(), bench.flow, bench.user);
    table.addClient(tx);
    expect(table.matchResponse(responseTo(invite, 200))).toBe(tx);
    expect(table.matchResponse(responseTo(wireRequest('CANCEL'), 200))).toBeUndefined();
    const stray = wireRequest('INVITE', { Via: 'SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKstray' });
    expect(table.matchResponse(responseTo(stray, 200))).toBeUndefined();
    expect([...table.all()]).toEqual([tx]);
  });
});
