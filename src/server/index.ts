/** The control server and the webhooks: how other programs drive the phone and hear from it. */
export type {
  CommandTarget,
  ControlArgumentSpec,
  ControlFunctionSpec,
  ControlNotification,
} from './command-target.js';
export { ControlServer, type ControlServerOptions } from './control-server.js';
export { ControlCounters } from './counters.js';
export { type ControlSettings, controlOptionsFrom, followOutband } from './options-from-settings.js';
export type { HookOptions } from './webhooks/hook.js';
export { followHooks } from './webhooks/hooks-from-settings.js';
export { type HookIdentity, Webhooks, type WebhooksOptions } from './webhooks/webhooks.js';
