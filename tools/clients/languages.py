"""The generators: how each makes its client, how that is checked, and how it tells the story."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.api.openapi.forms import Form
from tools.clients.names import FILE, NDJSON, Names, camel, pascal, snake
from tools.clients.toolchain import ROOT, WORKPLACE, Tools, run

CONFIGURATIONS = ROOT / "clients"
DOCUMENT, DOCUMENT_3_0 = WORKPLACE / Form.CLIENT.file, WORKPLACE / Form.CLIENT_3_0.file

GO = {
    "GOPROXY": "off",
    "GOTOOLCHAIN": "local",
    "GOFLAGS": "-mod=mod",
    "GOCACHE": str(WORKPLACE / "go-cache"),
    "CGO_ENABLED": "0",
}
"""The standard library and nothing else; no network."""

TSCONFIG = """{
  "compilerOptions": {
    "strict": true,
    "target": "es2022",
    "module": "commonjs",
    "moduleResolution": "node10",
    "ignoreDeprecations": "5.0",
    "lib": ["es2022", "dom", "dom.iterable"],
    "types": ["node"],
    "typeRoots": ["%s"],
    "skipLibCheck": true,
    "outDir": "compiled"
  },
  "include": ["**/*.ts"],
  "exclude": ["compiled"]
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """One way to get a client. Each step is given the tools and a folder of its own.

    ``needs``: programs that no package brings along; without them it is skipped, loudly.
    """

    name: str
    generate: Callable[[Tools, Path], None]
    check: Callable[[Tools, Path], None]
    story: Callable[[Tools, Path], list[str]]
    names: Names
    needs: tuple[str, ...] = ()


def _openapi_python_client(tools: Tools, folder: Path) -> None:
    run(
        [
            *(tools.python_tool("openapi-python-client"), "generate", "--path", DOCUMENT),
            *("--config", CONFIGURATIONS / "python" / "openapi-python-client.yaml"),
            *("--output-path", folder / "aftersales_client", "--meta", "none", "--overwrite"),
        ]
    )
    _bring(folder, "python", "story_openapi_python_client.py", "story.py")


def _openapi_generator(language: str, output: str, *story: tuple[str, str]) -> Callable[..., None]:
    def generate(tools: Tools, folder: Path) -> None:
        run(
            [
                *("java", "-jar", tools.generator_jar, "generate"),
                *("--config", "openapi-generator.yaml"),
                *("--input-spec", DOCUMENT_3_0, "--output", folder / output),
                *("--global-property", "apiTests=false,modelTests=false"),
                *("--global-property", "apiDocs=false,modelDocs=false"),
            ],
            cwd=CONFIGURATIONS / language,
        )
        for source, target in story:
            _bring(folder, language, source, target)

    return generate


def _hey_api(tools: Tools, folder: Path) -> None:
    env = {"OPENAPI_DOCUMENT": str(DOCUMENT), "OPENAPI_OUTPUT": str(folder / "aftersales")}
    command = [*tools.node_tool("@hey-api", "openapi-ts", "bin", "run.js")]
    run([*command, "-f", "openapi-ts.config.mjs"], cwd=CONFIGURATIONS / "typescript", env=env)
    _bring(folder, "typescript", "story-hey-api.ts", "story.ts")
    _bring(folder, "typescript", "telling.ts", "telling.ts")


def _mypy(tools: Tools, folder: Path) -> None:
    run(
        [
            *(tools.python, "-m", "mypy", "--strict", "--no-error-summary"),
            *("--follow-imports=silent", "--ignore-missing-imports", "--no-warn-unused-ignores"),
            "story.py",
        ],
        cwd=folder,
    )


def _tsc(tools: Tools, folder: Path) -> None:
    types = CONFIGURATIONS / "node_modules" / "@types"
    (folder / "tsconfig.json").write_text(TSCONFIG % types, "utf-8")
    run(tools.node_tool("typescript", "bin", "tsc"), cwd=folder)


def _go_build(tools: Tools, folder: Path) -> None:
    (folder / "go.mod").write_text("module story\n\ngo 1.24\n", "utf-8")
    run([tools.go, "vet", "."], cwd=folder, env=GO)
    run([tools.go, "build", "-o", "story", "."], cwd=folder, env=GO)


def _javac(tools: Tools, folder: Path) -> None:
    sources = folder / "sources.txt"
    client = folder / "aftersales" / "src" / "main"
    found = [*client.rglob("*.java"), *folder.glob("*.java")]
    sources.write_text("\n".join(str(path) for path in sorted(found)), "utf-8")
    run(
        [
            *("javac", "-nowarn", "-d", folder / "compiled"),
            *("-classpath", tools.generator_jar, f"@{sources}"),
        ]
    )


def _bring(folder: Path, language: str, source: str, target: str) -> None:
    shutil.copyfile(CONFIGURATIONS / language / source, folder / target)


GENERATORS = (
    Generator(
        name="python: openapi-python-client",
        names=Names(
            operations=("aftersales_client/api/*/*.py", FILE),
            models=("aftersales_client/models/*.py", r"^class (\w+)[(:]"),
            case=snake,
            own=r"\w+(Facts|EventData|HeadersType0)",  # maps, which it names by where they are
            without=NDJSON,
        ),
        generate=_openapi_python_client,
        check=_mypy,
        story=lambda tools, folder: [tools.python, str(folder / "story.py")],
    ),
    Generator(
        name="python: openapi-generator",
        names=Names(
            operations=("aftersales/api/*.py", r"^    def ([a-z]\w*)\("),
            models=("aftersales/models/*.py", r"^class (\w+)\("),
            case=snake,
            helpers=r"\w+_(with_http_info|without_preload_content)",
        ),
        needs=("java",),
        generate=_openapi_generator("python", ".", ("story_openapi_generator.py", "story.py")),
        check=_mypy,
        story=lambda tools, folder: [tools.python, str(folder / "story.py")],
    ),
    Generator(
        name="typescript: @hey-api/openapi-ts",
        names=Names(
            operations=("aftersales/sdk.gen.ts", r"^export const (\w+) ="),
            models=("aftersales/types.gen.ts", r"^export type (\w+) ="),
            case=camel,
            own=r"ClientOptions|\w+(Data|Errors?|Responses?)",
        ),
        generate=_hey_api,
        check=_tsc,
        story=lambda tools, folder: [tools.node, str(folder / "compiled" / "story.js")],
    ),
    Generator(
        name="typescript: openapi-generator typescript-fetch",
        names=Names(
            operations=("aftersales/apis/*.ts", r"^    async (\w+)\("),
            models=("aftersales/models/*.ts", r"^export (?:interface|type|const) (\w+)"),
            case=camel,
            helpers=r"\w+(Raw|RequestOpts)",
            own=r"\w+(Decision|Kind|Method)Enum",  # the constants that tell unions apart
        ),
        needs=("java",),
        generate=_openapi_generator(
            "typescript",
            "aftersales",
            ("story-fetch.ts", "story.ts"),
            ("telling.ts", "telling.ts"),
        ),
        check=_tsc,
        story=lambda tools, folder: [tools.node, str(folder / "compiled" / "story.js")],
    ),
    Generator(
        name="go: openapi-generator",
        names=Names(
            operations=("aftersales/api_*.go", r"^func \(a \*\w+APIService\) (\w+)\("),
            models=("aftersales/model_*.go", r"^type ([A-Z]\w*) "),
            case=pascal,
            helpers=r"\w+Execute",
            own=r"Nullable\w+",
        ),
        needs=("java",),
        generate=_openapi_generator("go", "aftersales", ("story.go", "story.go")),
        check=_go_build,
        story=lambda _, folder: [str(folder / "story")],
    ),
    Generator(
        name="java: openapi-generator native",
        names=Names(
            operations=(
                "aftersales/src/main/java/aftersales/api/*.java",
                r"^  public (?!ApiResponse)[\w<>]+ (\w+)\(",
            ),
            models=(
                "aftersales/src/main/java/aftersales/model/*.java",
                r"^public (?:abstract )?(?:class|enum) (\w+)",
            ),
            case=camel,
            helpers="downloadFileFromResponse",
            own="AbstractOpenApiSchema",
        ),
        needs=("java", "javac"),
        generate=_openapi_generator("java", "aftersales", ("Story.java", "Story.java")),
        check=_javac,
        story=lambda tools, folder: [
            *("java", "-classpath", f"{folder / 'compiled'}:{tools.generator_jar}", "Story"),
        ],
    ),
)
"""Every client that must work."""
