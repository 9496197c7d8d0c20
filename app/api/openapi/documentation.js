"use strict";

// Swagger UI parses the document as YAML and resolves all of it before it shows anything, which
// takes seconds. This one is JSON and refers only to itself.
const target = (document, reference) =>
  reference.slice(2).split("/").reduce((value, name) => value[name], document);

const resolved = (value, document, within = []) => {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((item) => resolved(item, document, within));
  const {$ref: reference, ...rest} = value;
  if (typeof reference === "string" && !within.includes(reference)) {
    const referred = resolved(target(document, reference), document, [...within, reference]);
    return {...referred, ...resolved(rest, document, within)};
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, resolved(item, document, within)]));
};

const fastDocument = () => ({
  fn: {
    resolveSubtree: async (document, path) => ({
      spec: resolved(path.reduce((value, name) => value?.[name], document), document),
      errors: [],
    }),
  },
  statePlugins: {
    spec: {
      wrapActions: {
        parseToJson: (original, {specActions, specSelectors}) => (text) =>
          specActions.updateJsonSpec(JSON.parse(text ?? specSelectors.specStr())),
      },
    },
  },
});

// Swagger UI's own filter looks at tags alone, and at no webhooks.
const searchOperations = ({React, getSystem}) => {
  const words = () => {
    const phrase = getSystem().layoutSelectors.currentFilter();
    return typeof phrase === "string" ? phrase.toLowerCase().split(/\s+/) : [];
  };
  const matches = (path, operation) => {
    const texts = ["summary", "description", "operationId"].map((name) => operation.get(name));
    const text = [path, ...texts].join(" ").toLowerCase();
    return words().every((word) => text.includes(word));
  };
  return {
    fn: {
      opsFilter: (groups) =>
        groups
          .map((group) =>
            group.update("operations", (operations) =>
              operations.filter((found) => matches(found.get("path"), found.get("operation")))))
          .filter((group) => group.get("operations").size > 0),
    },
    statePlugins: {
      spec: {
        wrapSelectors: {
          selectWebhooksOperations: (original) => (...args) =>
            Object.fromEntries(
              Object.entries(original(...args) ?? {}).filter(([name, [{operation}]]) =>
                matches(name, operation.get("operation")))),
        },
      },
    },
    wrapComponents: {
      operations: (Operations) => (props) =>
        words().length > 0 && props.specSelectors.taggedOperations().size === 0
          ? React.createElement("h4", null, "No operation matches / 没有匹配的接口")
          : React.createElement(Operations, props),
    },
    components: {
      FilterContainer: ({layoutSelectors, layoutActions}) =>
        React.createElement("div", {className: "filter wrapper"},
          React.createElement("input", {
            "aria-label": "Search operations",
            className: "operation-filter-input",
            onChange: ({target: {value}}) => layoutActions.updateFilter(value || true),
            placeholder: "Search operations / 搜索接口",
            type: "search",
            value: [layoutSelectors.currentFilter()].find((it) => typeof it === "string") ?? "",
          })),
    },
  };
};

// Swagger UI takes lines of JSON for one JSON string, and would send them quoted.
const linesAsTheyAre = () => ({
  afterLoad() {
    const sample = this.fn.getSampleSchema;
    this.fn.getSampleSchema = (schema, mediaType, options, example) =>
      mediaType === "application/x-ndjson" && typeof example === "string"
        ? example
        : sample(schema, mediaType, options, example);
  },
});

window.ui = SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelRendering: "model",
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [fastDocument, searchOperations, linesAsTheyAre],
});
