import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import ts from 'typescript';
import { COUNTERS } from './coverage.ts';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = join(ROOT, 'src');
const COUNTERS_HERE = 'fuzzCounters';

/** A block of the code that is tested: the counter of the same index counts how often it was entered. */
export interface Block {
  /** From the root of the repository. */
  file: string;
  line: number;
}

/** A target that counts what it does. */
export interface Instrumented {
  blocks: Block[];
  /** Strings and integers of the sources: what inputs are compared with stands there. */
  words: string[];
}

/**
 * Bundles a module with all of `src/` that it imports, and puts a counter into each block of that: functions, branches,
 * loops, and what comes behind `&&`, `||`, `??` and `?`.
 * @param entry TypeScript of the module, with imports relative to `fuzz/`.
 * @param outfile where the bundle goes; packages are found from there.
 */
export async function bundleInstrumented(entry: string, outfile: string): Promise<Instrumented> {
  const blocks: Block[] = [];
  const words = new Set<string>();
  await build({
    stdin: { contents: entry, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    plugins: [instrumenting(blocks, words)],
    logLevel: 'silent',
  });
  return { blocks, words: [...words].sort() };
}

function instrumenting(blocks: Block[], words: Set<string>): Plugin {
  return {
    name: 'count-blocks',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!path.startsWith(`${SOURCES}/`)) return undefined;
        return { contents: instrument(path, blocks, words), loader: 'js' };
      });
    },
  };
}

function instrument(path: string, blocks: Block[], words: Set<string>): string {
  const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
    fileName: path,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
    transformers: { before: [(context) => (file) => countBlocks(file, context, blocks, words)] },
  });
  return `const ${COUNTERS_HERE} = globalThis.${COUNTERS};\n${outputText}`;
}

function countBlocks(
  file: ts.SourceFile,
  context: ts.TransformationContext,
  blocks: Block[],
  words: Set<string>,
): ts.SourceFile {
  const { factory } = context;
  const count = (node: ts.Node): ts.Expression => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    const index = blocks.push({ file: relative(ROOT, file.fileName), line: line + 1 }) - 1;
    return factory.createPostfixIncrement(
      factory.createElementAccessExpression(factory.createIdentifier(COUNTERS_HERE), index),
    );
  };
  const counted = (node: ts.Expression, visited: ts.Expression) =>
    factory.createParenthesizedExpression(factory.createComma(count(node), visited));
  const countedBlock = (node: ts.Node, statements: readonly ts.Statement[]) =>
    factory.createBlock([factory.createExpressionStatement(count(node)), ...statements], true);
  const branch = (node: ts.Statement) => {
    const visited = ts.visitNode(node, visit) as ts.Statement;
    return countedBlock(node, ts.isBlock(visited) ? visited.statements : [visited]);
  };

  const visit = (node: ts.Node): ts.Node => {
    if (ts.isStringLiteralLike(node) && !ts.isImportDeclaration(node.parent)) words.add(node.text);
    if (ts.isNumericLiteral(node)) words.add(node.text);
    if (ts.isTypeNode(node)) return node;
    if (ts.isIfStatement(node)) {
      return factory.updateIfStatement(
        node,
        ts.visitNode(node.expression, visit) as ts.Expression,
        branch(node.thenStatement),
        node.elseStatement ? branch(node.elseStatement) : undefined,
      );
    }
    if (ts.isIterationStatement(node, false)) {
      const loop = ts.visitEachChild(node, (child) => (child === node.statement ? child : visit(child)), context);
      return replaceBody(factory, loop, branch(node.statement));
    }
    if (ts.isCaseOrDefaultClause(node)) {
      const clause = ts.visitEachChild(node, visit, context);
      const statements = [factory.createExpressionStatement(count(node)), ...clause.statements];
      return ts.isCaseClause(clause)
        ? factory.updateCaseClause(clause, clause.expression, statements)
        : factory.updateDefaultClause(clause, statements);
    }
    if (ts.isCatchClause(node)) {
      return factory.updateCatchClause(node, node.variableDeclaration, branch(node.block) as ts.Block);
    }
    if (ts.isConditionalExpression(node)) {
      const whole = ts.visitEachChild(node, visit, context);
      return factory.updateConditionalExpression(
        whole,
        whole.condition,
        whole.questionToken,
        counted(node.whenTrue, whole.whenTrue),
        whole.colonToken,
        counted(node.whenFalse, whole.whenFalse),
      );
    }
    if (ts.isBinaryExpression(node) && isLogical(node.operatorToken.kind)) {
      const whole = ts.visitEachChild(node, visit, context);
      return factory.updateBinaryExpression(whole, whole.left, whole.operatorToken, counted(node.right, whole.right));
    }
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) {
      const whole = ts.visitEachChild(node, visit, context);
      const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken: arrow } = whole;
      const body = counted(node.body, whole.body as ts.Expression);
      return factory.updateArrowFunction(whole, modifiers, typeParameters, parameters, type, arrow, body);
    }
    if (ts.isBlock(node) && ts.isFunctionLike(node.parent) && !ts.isConstructorDeclaration(node.parent)) {
      return countedBlock(node, ts.visitEachChild(node, visit, context).statements);
    }
    return ts.visitEachChild(node, visit, context);
  };
  return ts.visitEachChild(file, visit, context);
}

function isLogical(kind: ts.SyntaxKind): boolean {
  const operators = [
    ts.SyntaxKind.AmpersandAmpersandToken,
    ts.SyntaxKind.BarBarToken,
    ts.SyntaxKind.QuestionQuestionToken,
  ];
  return operators.includes(kind);
}

function replaceBody(factory: ts.NodeFactory, loop: ts.IterationStatement, body: ts.Statement): ts.Statement {
  if (ts.isForStatement(loop)) {
    return factory.updateForStatement(loop, loop.initializer, loop.condition, loop.incrementor, body);
  }
  if (ts.isForOfStatement(loop)) {
    return factory.updateForOfStatement(loop, loop.awaitModifier, loop.initializer, loop.expression, body);
  }
  if (ts.isForInStatement(loop)) return factory.updateForInStatement(loop, loop.initializer, loop.expression, body);
  if (ts.isWhileStatement(loop)) return factory.updateWhileStatement(loop, loop.expression, body);
  if (ts.isDoStatement(loop)) return factory.updateDoStatement(loop, body, loop.expression);
  return loop;
}
