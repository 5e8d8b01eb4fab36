import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

// What a program names in its own signatures must have a name that it can import.
const entrances = readdirSync("src")
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join("src", name));
const program = ts.createProgram(entrances, {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
});
const checker = program.getTypeChecker();

const original = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
const exportsOf = (entrance: string): ts.Symbol[] => {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entrance)!)!;
  return checker.getExportsOfModule(module).map(original);
};

/** The types of ours that the parameters of a function name. */
function parameterTypes({ declarations = [] }: ts.Symbol): Set<ts.Symbol> {
  const found = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeReferenceNode(node)) {
      const named = checker.getSymbolAtLocation(node.typeName);
      const type = named && original(named);
      const file = type?.declarations?.[0]?.getSourceFile().fileName ?? "";
      const ours = file.includes("src/") && !file.includes("node_modules");
      if (type && ours && !(type.flags & ts.SymbolFlags.TypeParameter)) found.add(type);
    }
    node.forEachChild(visit);
  };
  for (const declaration of declarations) {
    const given = ts.isVariableDeclaration(declaration) ? declaration.initializer : declaration;
    if (given && (ts.isFunctionDeclaration(given) || ts.isArrowFunction(given)))
      for (const { type } of given.parameters) if (type) visit(type);
  }
  return found;
}

const unexported = (entrance: string, among: ReadonlySet<ts.Symbol>, only = /./): string[] =>
  exportsOf(entrance).flatMap((symbol) =>
    [...parameterTypes(symbol)]
      .filter((type) => !among.has(type) && only.test(type.name))
      .map((type) => `${symbol.name}: ${type.name}`),
  );
const everywhere = new Set(entrances.flatMap(exportsOf));

test.each(entrances)("%s: types of parameters are exported by one of the entrances", (entrance) => {
  expect(unexported(entrance, everywhere)).toEqual([]);
});

test("the main entry exports the options of its own functions", () => {
  expect(unexported("src/index.ts", new Set(exportsOf("src/index.ts")), /Options$/)).toEqual([]);
});

test("the parameters of functions are seen at all", () => {
  const names = exportsOf("src/index.ts").flatMap((symbol) =>
    [...parameterTypes(symbol)].map(({ name }) => name),
  );
  expect(names).toEqual(expect.arrayContaining(["MonotoneDeqOptions", "FitOptions", "Parameters"]));
});
