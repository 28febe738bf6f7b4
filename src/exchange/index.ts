/** The embedded exchange. */
export { Exchange, type ExchangeOptions } from './exchange.js';
export { SERVICE_NUMBERS } from './services.js';
