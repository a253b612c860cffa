"""Looks at the finished site: every link leads to a file and a place that are there, and nothing comes from elsewhere.

usage: inspect_site.py SITE

Where Chromium is installed, it also shows each page 400 pixels wide; a page that is wider than that is named.
"""

import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

# What makes a browser fetch something, but for links that a reader follows.
LOADING = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}
WIDTH = 400


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.loaded, self.anchors = [], [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value)
            if (tag, name) in LOADING:
                self.loaded.append(value)
            if name == "href":
                self.links.append(value)


def faults(site):
    """What is wrong with the links, in words."""
    pages = {path.resolve(): Page(path) for path in site.rglob("*.html")}
    for path, page in pages.items():
        name = path.relative_to(site)
        for target in page.loaded:
            if urllib.parse.urlsplit(target).scheme not in ("", "data"):
                yield f"{name} loads {target}"
        for target in page.links + page.loaded:
            parts = urllib.parse.urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            file = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            if not file.is_file():
                yield f"{name} links to {target}: there is no such file"
            elif file in pages and parts.fragment:
                if urllib.parse.unquote(parts.fragment) not in pages[file].anchors | {"top"}:
                    yield f"{name} links to {target}: there is no such place in it"
    for path in site.rglob("*.css"):
        for target in re.findall(r"url\(\s*['\"]?([^'\")]+)", path.read_text()):
            if not target.startswith(("data:", "#")) and not (path.parent / target.split("?")[0]).exists():
                yield f"{path.relative_to(site)} needs {target}"


# Shows one page after another in a frame, and says how far to the right anything of each reaches. What scrolls within
# itself, such as code, may be wider than it shows.
MEASURE = """<!doctype html><title>measure</title><pre id="answer"></pre><script>
const pages = PAGES, widths = {}
const frame = document.createElement("iframe")
frame.style = "width: WIDTHpx; height: 800px; border: 0"
document.body.append(frame)
function reach(page) {
  let right = page.documentElement.scrollWidth
  for (const element of page.querySelectorAll("article *")) {
    const edge = element.getBoundingClientRect().right
    if (edge <= right) continue
    let box = element.parentElement
    while (box && !/auto|scroll/.test(frame.contentWindow.getComputedStyle(box).overflowX)) box = box.parentElement
    if (!box || !box.closest("article")) right = Math.ceil(edge)
  }
  return right
}
function next() {
  if (!pages.length) { document.getElementById("answer").textContent = JSON.stringify(widths); return }
  const page = pages.shift()
  frame.onload = () => {
    widths[page] = reach(frame.contentDocument)
    next()
  }
  frame.src = page
}
next()
</script>"""


def too_wide(site, chromium):
    """The pages that are wider than a phone, as a browser lays them out."""
    names = sorted(str(path.relative_to(site)) for path in site.rglob("*.html"))
    with tempfile.TemporaryDirectory(prefix="relay-site-") as profile:
        measure = site / "measure.html"
        measure.write_text(MEASURE.replace("PAGES", json.dumps(names)).replace("WIDTH", str(WIDTH)))
        try:
            dom = subprocess.run([
                chromium, "--headless", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files",
                *(["--no-sandbox"] if os.geteuid() == 0 else []), f"--user-data-dir={profile}",
                "--virtual-time-budget=120000", "--timeout=120000", "--dump-dom", measure.resolve().as_uri(),
            ], check=True, capture_output=True, text=True, timeout=300).stdout
        finally:
            measure.unlink()
    answer = re.search(r'<pre id="answer">(\{.*?\})</pre>', dom)
    if not answer or len(widths := json.loads(answer[1])) != len(names):
        sys.exit(f"site: the browser did not measure all pages: {dom[:2000]}")
    for name, width in widths.items():
        if width > WIDTH:
            yield f"{name} is cut off: it reaches to pixel {width} where {WIDTH} are shown"


def main():
    site = pathlib.Path(sys.argv[1]).resolve()
    found = list(faults(site))
    if chromium := shutil.which("chromium"):
        found += too_wide(site, chromium)
    else:
        print(f"site: not looked at {WIDTH} pixels wide, there is no chromium")
    for fault in found:
        print(f"site: {fault}", file=sys.stderr)
    sys.exit(1 if found else 0)


main()
