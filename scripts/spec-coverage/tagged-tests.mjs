/**
 * Which tests carry which tag. The titles come from Vitest itself, so that tables and loops count as what they become;
 * whether a test asserts anything is read from its source. Nothing is run. Used by coverage-spec.mjs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const TAG = /\[((?:param|notify):[\w.]+|API_\w+|[a-z0-9-]+\/\d+)\]/g;
const ASSERTION = /^(?:expect|assert)/;
/** How deep helper functions are followed. */
const DEPTH = 6;

/**
 * @param {string} root of the checkout
 * @returns {{ tags: Map<string, string[]>, unasserted: string[] }} the tests of each tag, and the tagged tests that
 * assert nothing, which do not count
 */
export function taggedTests(root) {
  const tags = new Map();
  const unasserted = [];
  for (const { name, file, location } of listTests(root)) {
    const found = [...name.matchAll(TAG)].map(([, tag]) => tag);
    if (found.length === 0) continue;
    const where = `${file.slice(root.length + 1)}:${location.line} ${name}`;
    if (!assertsAt(file, location)) unasserted.push(where);
    else for (const tag of found) tags.set(tag, [...(tags.get(tag) ?? []), where]);
  }
  return { tags, unasserted };
}

function listTests(root) {
  const folder = mkdtempSync(join(tmpdir(), 'switchhook-coverage-'));
  try {
    const output = join(folder, 'tests.json');
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const result = spawnSync(
      process.execPath,
      [vitest, 'list', `--json=${output}`, '--includeTaskLocation'],
      { cwd: root, stdio: ['ignore', 2, 'inherit'] },
    );
    if (result.status !== 0 || !existsSync(output)) throw new Error('the tests could not be listed');
    return JSON.parse(readFileSync(output, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const sources = new Map();

/** A file's syntax and its functions by name, own and imported ones. */
function sourceOf(path) {
  let known = sources.get(path);
  if (known) return known;
  const syntax = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const functions = new Map();
  const imports = new Map();
  const visit = (node) => {
    if (ts.isFunctionDeclaration(node) && node.name) functions.set(node.name.text, node);
    if (ts.isMethodDeclaration(node) && ts.isIdentifier(node.name)) functions.set(node.name.text, node);
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer) {
      if (ts.isArrowFunction(node.initializer) || ts.isFunctionExpression(node.initializer)) {
        functions.set(node.name.text, node.initializer);
      }
    }
    if (ts.isImportDeclaration(node) && node.importClause?.namedBindings) {
      const specifier = node.moduleSpecifier.text;
      const bindings = node.importClause.namedBindings;
      if (specifier.startsWith('.') && ts.isNamedImports(bindings)) {
        const target = join(dirname(path), specifier.replace(/\.js$/, '.ts'));
        for (const { name, propertyName } of bindings.elements) {
          imports.set(name.text, { target, name: (propertyName ?? name).text });
        }
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(syntax);
  known = { syntax, functions, imports };
  sources.set(path, known);
  return known;
}

/** Whether the test at that place calls an assertion, itself or through its helpers. */
function assertsAt(path, { line, column }) {
  const { syntax } = sourceOf(path);
  const position = syntax.getPositionOfLineAndCharacter(line - 1, column - 1);
  let test;
  const visit = (node) => {
    if (node.pos > position || node.end < position) return;
    // The call around the place that is given its function behind it: it(title, () => …), it.each(table)(title, …).
    if (ts.isCallExpression(node)) {
      const behind = node.arguments.filter((each) => each.getStart() >= position);
      test ??=
        behind.find((each) => ts.isArrowFunction(each) || ts.isFunctionExpression(each)) ??
        behind.find((each, at) => at > 0 && (ts.isIdentifier(each) || ts.isCallExpression(each)));
    }
    ts.forEachChild(node, visit);
  };
  visit(syntax);
  return test !== undefined && asserts(test, path, DEPTH, new Set());
}

function asserts(node, path, depth, seen) {
  if (depth === 0 || seen.has(node)) return false;
  seen.add(node);
  const { functions, imports } = sourceOf(path);
  let found = false;
  const follow = (name) => {
    if (ASSERTION.test(name)) return true;
    const own = functions.get(name);
    if (own) return asserts(own, path, depth - 1, seen);
    const imported = imports.get(name);
    if (!imported || !existsSync(imported.target)) return false;
    const there = sourceOf(imported.target).functions.get(imported.name);
    return there ? asserts(there, imported.target, depth - 1, seen) : false;
  };
  const visit = (each) => {
    if (found) return;
    if (ts.isIdentifier(each) && each.parent && calledName(each)) found = follow(each.text);
    if (!found) ts.forEachChild(each, visit);
  };
  visit(node);
  return found;
}

/** Whether an identifier is what a call calls: `name(…)` or `thing.name(…)`; or a test's body by name. */
function calledName(identifier) {
  const { parent } = identifier;
  if (ts.isCallExpression(parent)) return parent.expression === identifier || ts.isIdentifier(identifier);
  return ts.isPropertyAccessExpression(parent) && parent.parent && ts.isCallExpression(parent.parent);
}
