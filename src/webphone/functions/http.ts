/** HTTP requests for programs that have nothing better at hand. */
import { define } from './spec.js';

const URL_ARGUMENT = { name: 'url', type: 'string', doc: 'http or https address' } as const;
const DATA = { name: 'data', type: 'string', default: '', doc: 'empty: GET, else POST' } as const;

export const http = [
  define('API_HTTPGet', {
    group: 'http',
    overloads: [[URL_ARGUMENT]],
    returns: 'string',
    failure: 'ERROR',
    waits: true,
    doc: 'Asks an address and gives what it answers; a text that begins with ERROR when that failed.',
    run: ({ http }, { url }) => http.request(url),
  }),
  define('API_HTTPPost', {
    group: 'http',
    overloads: [[URL_ARGUMENT, { name: 'data', type: 'string' }]],
    returns: 'boolean',
    waits: true,
    doc: 'Posts data to an address; true when it took it.',
    run: async ({ http }, { url, data }) => {
      await http.request(url, data, 'POST');
      return true;
    },
  }),
  define('API_HTTPReq', {
    group: 'http',
    overloads: [[URL_ARGUMENT, DATA]],
    returns: 'string',
    failure: 'ERROR',
    waits: true,
    doc: 'GET without data, POST with; gives the answer, within 20 seconds.',
    run: ({ http }, { url, data }) => http.request(url, data),
  }),
  define('API_HTTPReqAsync', {
    group: 'http',
    overloads: [[URL_ARGUMENT, DATA]],
    returns: 'boolean',
    doc: 'The same without waiting: an ANSWER notification has the result.',
    run: ({ http, notifications }, { url, data }) => {
      void http
        .request(url, data)
        .catch((error: Error) => `ERROR: ${error.message}`)
        .then((result) => notifications.publish('ANSWER', { result, request: url }));
      return true;
    },
  }),
];
