/** Switchhook, a SIP phone for Node.js: `new Phone(…)` is the way in. */
export { createDiagnostics, type Diagnostics, type SipTrace, type StateTrace } from './base/diagnostics.js';
export { nextEvent } from './base/emitter.js';
export { ERROR_CATALOGUE, type ErrorCode, isSwitchhookError, SwitchhookError } from './base/errors.js';
export {
  createLogger,
  formatLogRecord,
  type Logger,
  type LogLevel,
  type LogRecord,
  nullLogger,
} from './base/logger.js';
export * from './phone/index.js';
export * from './ua/index.js';
