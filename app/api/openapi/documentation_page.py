"""The page of the interactive documentation, and the script that starts it."""

import json
from html import escape

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="{assets}/fastapi/favicon.png">
<link rel="stylesheet" href="{assets}/swagger/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{assets}/swagger/swagger-ui-bundle.js"></script>
<script src="{script}"></script>
</body>
</html>
"""

SCRIPT = """\
"use strict";

// Swagger UI takes lines of JSON for one JSON string, and would send them quoted.
const linesAsTheyAre = () => ({{
  afterLoad() {{
    const sample = this.fn.getSampleSchema;
    this.fn.getSampleSchema = (schema, mediaType, options, example) =>
      mediaType === "application/x-ndjson" && typeof example === "string"
        ? example
        : sample(schema, mediaType, options, example);
  }},
}});

window.ui = SwaggerUIBundle({{
  ...{settings},
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [linesAsTheyAre],
}});
"""

SETTINGS = {
    "deepLinking": True,
    "defaultModelRendering": "model",
    "displayRequestDuration": True,
    "filter": True,
    "persistAuthorization": True,
    "tryItOutEnabled": True,
    "validatorUrl": None,
}


def page_text(*, title: str, assets: str, script: str) -> str:
    """Return the page: HTML that has everything from the addresses it is given."""
    return PAGE.format(title=escape(title), assets=assets, script=script)


def script_text(*, document: str) -> str:
    """Return the script that shows the document at an address."""
    return SCRIPT.format(settings=json.dumps({"url": document, **SETTINGS}, indent=2))
