// lint.js DEPLOY - the Dockerfile against its grammar, and every Kubernetes object
// against Kubernetes' own types: a misspelt key, one that is missing, or a value of
// the wrong type is an error. Run by lint.sh, where its packages are.
"use strict";
const fs = require("fs");
const path = require("path");
const yaml = require("js-yaml");
const { validate } = require("dockerfile-utils");

const deploy = process.argv[2];
let errors = 0;
function complain(where, what) {
    console.error(`${where}: ${what}`);
    errors++;
}

// ------------------------------------------------------------------ Dockerfile

const dockerfile = path.join(deploy, "Dockerfile");
for (const found of validate(fs.readFileSync(dockerfile, "utf8")))
    complain(`${dockerfile}:${found.range.start.line + 1}`, found.message);

// ------------------------------------------------------------------- manifests

// Kubernetes reads "0440" as YAML 1.1 does, in octal.
const octal = new yaml.Type("tag:yaml.org,2002:int", {
    kind: "scalar",
    resolve: (text) => /^0[0-7]+$/.test(text ?? ""),
    construct: (text) => parseInt(text, 8),
});
const schema = yaml.DEFAULT_SCHEMA.extend({ implicit: [octal] });

// The types are TypeScript's: its compiler knows which keys an object may have, the
// models' own validation which values.
const folder = path.join(deploy, "kubernetes");
const places = [];
let program = "";
let objects = 0;
for (const name of fs.readdirSync(folder).sort()) {
    const file = path.join(folder, name);
    for (const object of yaml.loadAll(fs.readFileSync(file, "utf8"), null, { schema })) {
        if (object.apiVersion.startsWith("kustomize."))
            continue;
        const where = `${file}: ${object.kind} ${object.metadata.name}`;
        const module = `kubernetes-models/${object.apiVersion}/${object.kind}`;
        let model;
        try {
            model = require(module)[object.kind];
        } catch {
            complain(where, `no such kind in ${object.apiVersion}`);
            continue;
        }
        try {
            new model(object).validate();
        } catch (error) {
            complain(where, error.message);
        }
        objects++;
        program += `import { I${object.kind} as T${objects} } from "${module}";\n`;
        program += `export const o${objects}: T${objects} = ${JSON.stringify(object)};\n`;
        places[2 * objects - 1] = where;
    }
}

const ts = require("typescript");
const source = path.join(__dirname, "manifests.ts");
fs.writeFileSync(source, program);
const compiled = ts.createProgram([source], {
    noEmit: true, strict: true, skipLibCheck: true, types: [],
    module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
});
for (const found of ts.getPreEmitDiagnostics(compiled)) {
    const line = found.file ? found.file.getLineAndCharacterOfPosition(found.start).line : 0;
    complain(places[line] ?? source, ts.flattenDiagnosticMessageText(found.messageText, "\n    "));
}

console.log(`Dockerfile and ${objects} Kubernetes objects: ${errors} errors`);
process.exit(errors || !objects ? 1 : 0);
