/** Methods of the group accounts. Written by `npm run docs` from the function table. */
import type { Bool, Int, Text } from './types.js';

export interface AccountsMethods {
  /** Registers at the server, and stays registered; what is empty is taken from the settings. REGISTER tells the outcome. */
  API_Register(): boolean;

  /** Registers at the server, and stays registered; what is empty is taken from the settings. REGISTER tells the outcome. */
  API_Register(server: Text, username: Text, password: Text, authname?: Text, displayname?: Text): boolean;

  /** Takes registrations back: all, ending all calls, or that of one account, which is removed. */
  API_Unregister(): Promise<boolean>;

  /**
   * Takes registrations back: all, ending all calls, or that of one account, which is removed.
   * @param waitfor 1: wait until the server has answered
   */
  API_Unregister(waitfor: Int): Promise<boolean>;

  /**
   * Takes registrations back: all, ending all calls, or that of one account, which is removed.
   * @param account user, user@server or Call-ID
   * @param waitfor default -1
   * @param stopallsessions 1: end its calls as well; default -1
   * @param delaccount 0: keep the account; default -1
   */
  API_Unregister(account: Text, waitfor?: Int, stopallsessions?: Int, delaccount?: Int): Promise<boolean>;

  /**
   * Registers further accounts, up to 99, which are remembered.
   * @param accounts accounts, separated by semicolons; "null" takes all back
   */
  API_RegisterEx(accounts: Text): boolean;

  /**
   * Adds an account and registers it; one with the same user and domain is changed.
   * @param uri user:password@domain:port, or the fields separated by commas
   */
  API_AddAccount(uri: Text): boolean;

  /**
   * Adds an account and registers it; one with the same user and domain is changed.
   * @param server domain or address, with a port if need be
   * @param proxy outbound proxy if it differs
   * @param sipusername user name for authentication if it differs
   * @param transport 0 UDP, 1 TCP, 2 TLS, -1 automatic; default -1
   * @param registerinterval seconds; default -1
   * @param ismain 1 the main account, 0 not, -1 automatic; default -1
   */
  API_AddAccount(
    server: Text,
    proxy: Text,
    username: Text,
    sipusername: Text,
    displayname: Text,
    password: Text,
    transport?: Int,
    registerinterval?: Int,
    ismain?: Int,
  ): boolean;

  /**
   * Changes an account, or adds it when there is none.
   * @param params the fields separated by commas
   */
  API_SetAccount(params: Text): boolean;

  /**
   * Changes an account, or adds it when there is none.
   * @param server domain or address, with a port if need be
   * @param proxy outbound proxy if it differs
   * @param sipusername user name for authentication if it differs
   * @param transport 0 UDP, 1 TCP, 2 TLS, -1 automatic; default -1
   * @param registerinterval seconds; default -1
   * @param ismain 1 the main account, 0 not, -1 automatic; default -1
   */
  API_SetAccount(
    server: Text,
    proxy: Text,
    username: Text,
    sipusername: Text,
    displayname: Text,
    password: Text,
    transport?: Int,
    registerinterval?: Int,
    ismain?: Int,
  ): boolean;

  /**
   * An account with all its fields; empty when there is none.
   * @param uri user@domain, or what is unique of it
   * @param strict the whole address has to be right; default false
   */
  API_GetAccount(uri: Text, strict?: Bool): string;

  /**
   * Removes an account, or "all".
   * @param uri user@domain, or what is unique of it
   * @param unregister tell the server; default true
   */
  API_DelAccount(uri: Text, unregister?: Bool): boolean;

  /**
   * The accounts.
   * @param format 1 all fields, 2 user@domain, 3 the shortest that is unique, 4 the user, 5 the domain; default 2
   * @param markmain put before the main account
   * @param withstatus with the state of its registration; default false
   * @param separator default ";"
   */
  API_ListAccounts(format?: Int, markmain?: Text, withstatus?: Bool, separator?: Text): string;

  /**
   * The main account: calls go out by it. Empty when there is none.
   * @param strict false: only when there are several; default true
   * @param format 1 all fields, 2 user@domain, 3 the shortest that is unique, 4 the user, 5 the domain; default 2
   */
  API_GetMainAccount(strict?: Bool, format?: Int): string;

  /**
   * Makes an account the main one, adding it when there is none.
   * @param uri user@domain, or what is unique of it
   */
  API_SetMainAccount(uri: Text): boolean;

  /**
   * The account of the call on a line; empty when there is none.
   * @param line line number, -1 the active one
   * @param strict only an account there is; default false
   * @param format 1 all fields, 2 user@domain, 3 the shortest that is unique, 4 the user, 5 the domain; default 2
   */
  API_GetAccountForLine(line: Int, strict?: Bool, format?: Int): string;

  /**
   * The same as API_GetAccountForLine.
   * @param line line number, -1 the active one
   * @param strict default false
   * @param format 1 all fields, 2 user@domain, 3 the shortest that is unique, 4 the user, 5 the domain; default 2
   */
  API_GetAccountURI(line: Int, strict?: Bool, format?: Int): string;

  /**
   * How the registration of an account stands: 0 in progress, 1 registered, 2 failed, 3 unregistered, -1 not registering, -2 no such account, -3 not an account, -4 not started.
   * @param uri user@domain, or what is unique of it
   */
  API_GetAccountRegState(uri: Text): number;

  /** How the registration of an account stands: 0 in progress, 1 registered, 2 failed, 3 unregistered, -1 not registering, -2 no such account, -3 not an account, -4 not started. */
  API_GetAccountRegState(domain: Text, proxy: Text, username: Text, sipusername: Text): number;

  /**
   * The same in words.
   * @param uri user@domain, or what is unique of it
   */
  API_GetAccountRegStateString(uri: Text): string;

  /** The same in words. */
  API_GetAccountRegStateString(domain: Text, proxy: Text, username: Text, sipusername: Text): string;

  /** Whether the main account is registered. */
  API_IsRegistered(): boolean;

  /** 0 unknown, 1 not needed, 2 registered, 3 registering and was registered, 4 registering, 5 registering after a failure, 6 unregistered, 7 failed. */
  API_IsRegisteredEx(): number;

  /**
   * Why the last registration failed; empty when it did not.
   * @param extended with more details; default false
   */
  API_GetRegFailReason(extended?: Bool): string;

  /**
   * Asks the server for waiting messages. MWI tells.
   * @param line default -1
   */
  API_CheckVoicemail(line?: Int): boolean;
}
