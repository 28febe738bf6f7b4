/**
 * Every error of this package is a {@link SwitchhookError} with a code from this catalogue: codes are stable, texts
 * are not. `docs/ERRORS.md` is written from here.
 */

interface CatalogueEntry {
  /** What happened; `{name}` is replaced by the detail of that name. */
  text: string;
  /** What the reader can do about it. */
  remedy: string;
}

export const ERROR_CATALOGUE = {
  ERR_INVALID_ARGUMENT: {
    text: '{what}',
    remedy: 'Correct the named option.',
  },
  ERR_CLOSED: {
    text: '{what} is closed',
    remedy: 'Create a new one; a closed object is not reopened.',
  },
  ERR_ABORTED: {
    text: '{what} was aborted',
    remedy: 'The AbortSignal given to the function fired.',
  },
  ERR_SIP_PARSE: {
    text: 'malformed {what}: {why}',
    remedy: 'The peer sent a message that does not follow RFC 3261; see the trace.',
  },
  ERR_SIP_LIMIT: {
    text: 'the {what} exceeds the limit of {limit}',
    remedy: 'Raise the limit in the options if the peer is trusted.',
  },
  ERR_SIP_TIMEOUT: {
    text: 'no answer to {method} from {target}',
    remedy:
      'Check that the server is up, reachable and listening on this transport; `switchhook doctor` tests each step.',
  },
  ERR_SIP_TRANSPORT: {
    text: '{method} could not be sent to {target}: {why}',
    remedy: 'Check address, port, transport and firewall.',
  },
  ERR_SIP_CONNECTION_LOST: {
    text: 'the connection to {target} was lost: {why}',
    remedy: 'The peer or the network closed it; a registration opens a new one by itself.',
  },
  ERR_SIP_LISTEN: {
    text: 'cannot listen on {address}: {why}',
    remedy: 'Choose another address or port, or stop the program that holds it.',
  },
  ERR_SIP_CERTIFICATE: {
    text: 'the TLS certificate of {target} was refused: {why}',
    remedy: 'Give the CA with `tls.ca`, or connect by the name in the certificate.',
  },
  ERR_DNS_NOT_FOUND: {
    text: 'no SIP server found for {domain}: {why}',
    remedy: 'Check the spelling of the domain and its NAPTR, SRV, A and AAAA records.',
  },
  ERR_REGISTRATION_REJECTED: {
    text: 'registration of {aor} was rejected: {status} {reason}',
    remedy: '401, 403 and 407 mean wrong user name or password; 404 an unknown user.',
  },
  ERR_AUTHENTICATION_FAILED: {
    text: 'the credentials for realm "{realm}" {why}',
    remedy: 'Check user name (or authentication name), password and realm.',
  },
  ERR_CALL_REJECTED: {
    text: 'the call was rejected: {status} {reason}',
    remedy:
      'The status tells why: 486 busy, 480 unavailable, 404 unknown number, 603 declined. 401 and 407 want a user name and a password.',
  },
  ERR_CALL_CANCELLED: {
    text: 'the call was cancelled before it was answered',
    remedy: 'Nothing to do: the caller gave up.',
  },
  ERR_CALL_ENDED: {
    text: 'the call has ended',
    remedy: 'Check `call.state` before acting on a call.',
  },
  ERR_CALL_REFUSED: {
    text: 'this phone does not call {target}: {why}',
    remedy: 'Its own policies say so: `rule` in the details names the one.',
  },
  ERR_TRANSFER: {
    text: 'the transfer to {target} failed: {why}',
    remedy: 'The call is there again, off hold; `details.status` tells what the new call met with.',
  },
  ERR_CALL_STATE: {
    text: 'cannot {what} while the call is {state}',
    remedy: 'Wait for the state the operation needs.',
  },
  ERR_SUBSCRIPTION: {
    text: 'no subscription to {event} of {target}: {why}',
    remedy: '489 means that the peer does not offer this event, 403 that it does not allow us to watch it.',
  },
  ERR_PUBLICATION: {
    text: '{event} could not be published: {why}',
    remedy:
      'Many servers take no PUBLISH; watchers that subscribe to the phone itself are notified all the same.',
  },
  ERR_MESSAGE_REJECTED: {
    text: 'the message to {target} was refused: {status} {reason}',
    remedy: 'The status tells why: 404 unknown user, 480 offline, 405 or 415 no text messages there.',
  },
  ERR_XML: {
    text: 'malformed XML at character {at}: {why}',
    remedy: 'The peer sent a document that is not well-formed; see the trace.',
  },
  ERR_SDP_PARSE: {
    text: 'malformed session description at line {line}: {why}',
    remedy: 'The peer sent SDP that does not follow RFC 8866; see the trace.',
  },
  ERR_SDP_STATE: {
    text: 'cannot {what} in offer/answer state {state}',
    remedy: 'One offer at a time (RFC 3264 §4).',
  },
  ERR_SDP_UNACCEPTABLE: {
    text: 'the session description of the peer cannot be used: {why}',
    remedy:
      'The peer wants a kind of media transport we do not have, or answered something else than was offered.',
  },
  ERR_MEDIA_SRTP: {
    text: 'no agreement on SRTP: {why}',
    remedy: 'Enable SRTP on both sides with a common crypto-suite, or make it optional.',
  },
  ERR_MEDIA_SRTP_KEY: {
    text: '{packets} packets from {from} in a row failed SRTP authentication',
    remedy:
      'The peer encrypts with another key or suite than its SDP says, or not at all; a proxy that changes the SDP but not the media does this.',
  },
  ERR_MEDIA_SRTP_LIFETIME: {
    text: '{whose} SRTP key has protected all the packets it may; those that follow are dropped',
    remedy:
      'The side whose key it is must send new keys in a re-INVITE before its lifetime is over (RFC 4568 §6.1).',
  },
  ERR_MEDIA_NO_COMMON_CODEC: {
    text: 'no codec in common: we have {ours}, the peer has {theirs}',
    remedy: 'Enable one of the codecs of the peer.',
  },
  ERR_MEDIA_CODEC: {
    text: 'the codec {codec} cannot be loaded: {why}',
    remedy:
      'Check that the package is installed completely and that WebAssembly is allowed, or leave the codec out.',
  },
  ERR_MEDIA_PORTS: {
    text: 'no free RTP port pair on {address} in {range}',
    remedy: 'Widen the port range or free ports.',
  },
  ERR_MEDIA_TIMEOUT: {
    text: 'no audio from the peer for {seconds} s',
    remedy:
      'The peer or the network is gone; the noMedia event before told what is known. `media.timeoutMs` sets the time.',
  },
  ERR_MEDIA_FILE: {
    text: '{path}: {why}',
    remedy: 'Check that the file exists, is readable and of a supported format.',
  },
  ERR_MEDIA_ECHO: {
    text: 'the echo of a call is not what was sent: {why}',
    remedy:
      'Close what else keeps the processor busy and try again; if it stays, report it with `--log debug`.',
  },
  ERR_STORE: {
    text: 'the database {path} cannot be used: {why}',
    remedy: 'Check path, rights and free space; a file that is no database of this project is left as it is.',
  },
  ERR_UPLOAD: {
    text: '{path} could not be uploaded to {url}: {why}',
    remedy: 'Check address, user name, password and rights on the server; the local file is still there.',
  },
  ERR_HTTP: {
    text: '{url}: {why}',
    remedy: 'Check the address, the server and what it says of the request.',
  },
  ERR_MEDIA_SOCKET: {
    text: 'RTP could not be sent or received: {why}',
    remedy: 'Check network, routes and firewall; the call goes on and uses the socket again.',
  },
  ERR_MEDIA_WORKER: {
    text: 'the media worker stopped: {why}',
    remedy: 'A defect or a lack of memory; the calls on it have ended.',
  },
  ERR_CONTROL_LISTEN: {
    text: 'the control server cannot listen on {address}: {why}',
    remedy: 'Choose another address or port, or stop the program that holds it.',
  },
  ERR_CONTROL_TOKEN: {
    text: 'the control server would listen on {host} to everybody',
    remedy: 'Set a token (`wpapitoken`, `--token`) that clients must send, or listen on 127.0.0.1.',
  },
  ERR_AUDIO_DEVICE: {
    text: 'there is no {role} "{device}"',
    remedy: '`switchhook devices` lists the names and numbers there are; or take "default" or "none".',
  },
  ERR_AUDIO_BACKEND: {
    text: 'no sound devices: {why}',
    remedy:
      'Start PulseAudio or PipeWire and install pulseaudio-utils; on macOS and Windows install the package decibri. Calls work without.',
  },
  ERR_AUDIO_ECHO: {
    text: 'the echo canceller cannot be loaded: {why}',
    remedy:
      'Check that @ennuicastr/webrtcaec3.js is installed and WebAssembly allowed; until then the microphone is made softer while the peer speaks.',
  },
  ERR_TIMEOUT: {
    text: '{what} took longer than {ms} ms',
    remedy: 'Raise the time-out or find out what is slow.',
  },
  ERR_SETTINGS_FILE: {
    text: 'the kept settings {path} cannot be used: {why}',
    remedy:
      'Check the rights of the file, and that the key is the one it was written with; it is not written over.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

export class SwitchhookError extends Error {
  override readonly name = 'SwitchhookError';
  readonly code: ErrorCode;
  /** The values the text was made of, for programs: `error.details.status`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, details: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(
      ERROR_CATALOGUE[code].text.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? '?')),
      options,
    );
    this.code = code;
    this.details = details;
  }

  /** What the reader can do about it. */
  get remedy(): string {
    return ERROR_CATALOGUE[this.code].remedy;
  }
}

/** True when `error` is ours and, if given, has that code. */
export function isSwitchhookError(error: unknown, code?: ErrorCode): error is SwitchhookError {
  return error instanceof SwitchhookError && (code === undefined || error.code === code);
}
