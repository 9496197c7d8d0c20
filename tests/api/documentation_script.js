// Runs the script of /docs in Node, with stand-ins for Swagger UI and its collections, and prints
// as JSON what it makes of a document: the operations resolved, and what is found for phrases.
const [script, documentFile, ...phrases] = process.argv.slice(2);
const {readFileSync} = require("node:fs");
const vm = require("node:vm");

let settings;
globalThis.window = {};
globalThis.SwaggerUIBundle = Object.assign((given) => { settings = given; }, {presets: {}});
vm.runInThisContext(readFileSync(script, "utf-8"), {filename: script});
const document = JSON.parse(readFileSync(documentFile, "utf-8"));
const [fastDocument, searchOperations] = settings.plugins;

const list = (items) => ({
  map: (change) => list(items.map(change)),
  filter: (keep) => list(items.filter(keep)),
  size: items.length,
  items,
});
const map = (members) => ({
  get: (name) => members[name],
  update: (name, change) => map({...members, [name]: change(members[name])}),
});

const of = (section) =>
  Object.entries(document[section]).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({path, method, operation})));

const found = (phrase) => {
  const system = {layoutSelectors: {currentFilter: () => phrase}};
  const plugin = searchOperations({getSystem: () => system});
  const operations = of("paths").map(({path, operation}) => map({path, operation: map(operation)}));
  const groups = plugin.fn.opsFilter(list([map({operations: list(operations)})])).items;
  const webhooks = Object.fromEntries(
    of("webhooks").map(({path, operation}) => [path, [{operation: map({operation: map(operation)})}]]));
  const {selectWebhooksOperations} = plugin.statePlugins.spec.wrapSelectors;
  return {
    operations: groups.flatMap((group) =>
      group.get("operations").items.map((one) => one.get("operation").get("operationId"))),
    webhooks: Object.keys(selectWebhooksOperations(() => webhooks)()),
  };
};

const main = async () => {
  const {resolveSubtree} = fastDocument().fn;
  const resolved = await Promise.all(
    of("paths").map(({path, method}) => resolveSubtree(document, ["paths", path, method])));
  process.stdout.write(JSON.stringify({
    url: settings.url,
    resolved: resolved.map(({spec}) => spec),
    found: Object.fromEntries(phrases.map((phrase) => [phrase, found(phrase)])),
  }));
};
main();
