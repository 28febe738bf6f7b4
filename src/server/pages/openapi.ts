/** `GET /openapi.json`: every function of the table as two operations, GET with a query and POST with JSON (OpenAPI 3.1). */
import type { ControlArgumentSpec, ControlFunctionSpec } from '../command-target.js';

const ANSWER = { $ref: '#/components/schemas/Answer' };

export function openApi(
  functions: Iterable<ControlFunctionSpec>,
  about: { version: string; token: boolean },
): unknown {
  const paths: Record<string, unknown> = {};
  for (const spec of functions) if (spec.remote !== false) paths[`/${spec.name}`] = operations(spec);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Switchhook control server',
      version: about.version,
      description:
        'Every function can also be called as /?function=NAME&…, by posting a form, JSON, XML or SOAP, as a line over TCP, a datagram, or a message over WebSocket.',
    },
    servers: [{ url: '/' }],
    ...(about.token && { security: [{ bearer: [] }] }),
    paths,
    components: {
      schemas: {
        Answer: {
          type: 'object',
          required: ['function', 'parameters', 'ok', 'value', 'result'],
          properties: {
            function: { type: 'string' },
            parameters: { type: ['object', 'array'] },
            ok: { type: 'boolean' },
            value: { type: ['string', 'number', 'boolean', 'null'] },
            result: { type: 'string', description: 'the value as text; usually begins with OK or ERROR' },
            id: { type: ['string', 'number'] },
          },
        },
      },
      ...(about.token && { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}

function operations(spec: ControlFunctionSpec): Record<string, unknown> {
  const args = allArguments(spec);
  const common = {
    tags: [spec.group ?? 'functions'],
    summary: spec.doc ?? spec.name,
    responses: {
      200: {
        description: `what the function returns: ${spec.returns}`,
        content: { 'application/json': { schema: ANSWER } },
      },
    },
  };
  return {
    get: {
      operationId: spec.name,
      ...common,
      parameters: args.map((argument) => ({
        name: argument.name,
        in: 'query',
        required: isRequired(argument, spec),
        schema: schemaOf(argument),
        ...(argument.doc && { description: argument.doc }),
      })),
    },
    post: {
      operationId: `${spec.name}_post`,
      ...common,
      requestBody: {
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: Object.fromEntries(args.map((argument) => [argument.name, schemaOf(argument)])),
              required: args.filter((argument) => isRequired(argument, spec)).map(({ name }) => name),
            },
          },
        },
      },
    },
  };
}

/** The arguments of all overloads, each once. */
function allArguments({ overloads }: ControlFunctionSpec): ControlArgumentSpec[] {
  return [...new Map(overloads.flat().map((argument) => [argument.name, argument])).values()];
}

/** Required is what no overload leaves out. */
function isRequired({ name }: ControlArgumentSpec, { overloads }: ControlFunctionSpec): boolean {
  return overloads.every((overload) =>
    overload.some((argument) => argument.name === name && argument.default === undefined),
  );
}

function schemaOf({ type }: ControlArgumentSpec): Record<string, unknown> {
  const types = type
    .toLowerCase()
    .split('|')
    .map((one) => one.trim());
  const names = new Set(
    types.map((one) =>
      /^(int|integer|long)$/.test(one) ? 'integer' : /^bool/.test(one) ? 'boolean' : 'string',
    ),
  );
  return { type: names.size === 1 ? [...names][0] : [...names] };
}
