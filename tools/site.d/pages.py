"""Gathers the pages of the site, for Sphinx: those that are written, those that are generated, and their order.

usage: pages.py PROGRAMS OPENAPI TARGET

Links between written pages stay as they are. A link to a file of the tree that is no page becomes a download.
"""

import json
import pathlib
import re
import shutil
import sys

import manuals
import reference

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "tools" / "docs"

# Pages that stand beside the code that they describe, and what they are called in the site.
ELSEWHERE = {
    "README.md": "index.md",
    "Sources/RelayStore/FORMAT.md": "format.md",
    "Sources/RelayRecords/DUMP.md": "dump.md",
    "tools/relaybench/REPORT.md": "report.md",
    "proto-json/vectors/README.md": "vectors.md",
}

# The order that a newcomer needs. Names without a page under tools/docs are generated.
CHAPTERS = {
    "Write a client": ["start", "semantics", "api", "reference/index", "problems"],
    "Run it": [
        "operations", "cluster", "capacity", "drills", "troubleshooting", "limits", "snapshots", "proxies", "security", "manual/index",
    ],
    "Judge it": ["compatibility", "benchmarks", "torture", "changelog"],
    "Change it": ["architecture", "contributing", "vectors", "glossary"],
    "Formats": ["format", "dump", "report"],
}

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def written_pages():
    """Each written page, as its path in the tree and in the site."""
    pages = {pathlib.Path(path): pathlib.Path(name) for path, name in ELSEWHERE.items()}
    for path in sorted(DOCS.glob("*.md")):
        pages[path.relative_to(ROOT)] = pathlib.Path(path.name)
    return pages


def relinked(text, path, pages, target):
    """A page's text, with each link to a file leading to where that file is in the site."""

    def replace(match):
        link, _, fragment = match[1].partition("#")
        if not link or "://" in link:
            return match[0]
        file = (ROOT / path.parent / link).resolve().relative_to(ROOT)
        if file not in pages:
            if not (ROOT / file).is_file():
                sys.exit(f"site: {path} links to {link}, which is no file")
            copy = target / "files" / file
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, copy)
            # A picture is shown. Anything else is a download, also a page of other tools, such as DocC's.
            return f"]({'' if file.suffix == '.svg' else 'path:'}files/{file})"
        return f"]({pages[file]}{'#' if fragment else ''}{fragment})"

    # What stands in a fenced block is no link.
    pieces, end = [], 0
    for fence in FENCE.finditer(text):
        pieces += [LINK.sub(replace, text[end:fence.start()]), fence[0]]
        end = fence.end()
    return "".join(pieces) + LINK.sub(replace, text[end:])


def navigation():
    """The chapters, as Sphinx takes them at the end of the first page."""
    return "".join(
        f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```\n"
        for caption, names in CHAPTERS.items())


def main():
    programs, bundle, target = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    description = json.loads(bundle.read_text())
    pages = written_pages()
    generated = {**reference.pages(description), **manuals.pages(programs)}
    for path, name in pages.items():
        text = relinked((ROOT / path).read_text(), path, pages, target)
        if str(name) == "index.md":
            text += navigation()
        if str(name) == "api.md":
            text = reference.linked_table(text, description)
        generated[str(name)] = text
    for name, text in generated.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text)


main()
