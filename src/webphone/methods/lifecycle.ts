/** Methods of the group lifecycle. Written by `npm run docs` from the function table. */
import type { Text } from './types.js';

export interface LifecycleMethods {
  /** Starts the phone, and registers when the settings have an account and `register` is not 0. START notifications tell when it is ready. */
  API_Start(): boolean;

  /** Opens the SIP sockets without registering; done by itself at the first registration or call. */
  API_StartStack(): boolean;

  /** Opens the user interface. There is none here: false. */
  API_StartGUI(): boolean;

  /** Ends all calls, unregisters and stops the phone. It can be started again. */
  API_Stop(): boolean;

  /** Stops everything for good; STOP,api is the last notification. */
  API_Exit(): boolean;

  /** Stops the phone and starts it with the settings there are now. */
  API_ReStart(): boolean;

  /** Whether a restart would do good: 0 no, 1 it has not been registered for a while, 2 the network changed. */
  API_ShouldReset(): number;

  /** The same question before a call; false during one. */
  API_ShouldResetBeforeCall(): boolean;

  /** Once released restrictions of a Java runtime; nothing is to be done any more. */
  API_ServerInit(address: Text): boolean;

  /** A web page that controls the phone is still there: calls go on for `httpsessiontimeout` minutes more. */
  API_HTTPKeepAlive(): boolean;

  /** The API is there: always true. */
  API_Test(): boolean;

  /** The API is there: always 42. */
  API_TestEx(): number;

  /** Gives back what it was given. */
  API_TestEcho(echo: Text): string;

  /** The version of this package. */
  API_GetVersion(): string;

  /** A name for this machine that stays the same and tells nothing about it. */
  API_GetDeviceID(): string;
}
