// A client of the language server of checkout: it starts the server and leaves the
// rest to it.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function activate() {
  const settings = vscode.workspace.getConfiguration("checkout");
  const server = { command: settings.get("command"), args: ["rules", "lsp"] };
  client = new LanguageClient("checkout", "Checkout rules", { run: server, debug: server }, {
    documentSelector: [{ scheme: "file", language: "yaml" }],
    initializationOptions: { rules: settings.get("rules") },
  });
  await client.start();
}

function deactivate() {
  return client ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
