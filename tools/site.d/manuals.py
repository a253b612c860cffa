"""The manual pages of the programs, as pages of the site."""

import re
import subprocess

PROGRAMS = ("relayd", "relayctl", "relaybench")
# What Options writes (Program+Manual.swift); anything else is an error here, so that none gets lost.
ESCAPES = {r"\-": "-", r"\(aq": "'", r"\e": "\\", r"\&": "", r"\fB": "", r"\fR": ""}


def pages(programs):
    """The index, and the manual page of each program and verb."""
    manual = {}
    for program in PROGRAMS:
        overview = printed(programs / program, "--man")
        manual[program] = overview
        # Its own list of verbs: a word of one may have a hyphen.
        for verb in re.findall(r"\.TP\n\\fB(.+)\\fR", overview.partition(".SH VERBS\n")[2].partition(".SH")[0]):
            words = plain(verb).split()
            manual["-".join([program, *words])] = printed(programs / program, *words, "--man")
    index = "# Manual pages\n\nWhat `--help` and `--man` say of each program and verb.\n\n```{toctree}\n:maxdepth: 1\n\n"
    result = {"manual/index.md": index + "\n".join(manual) + "\n```\n"}
    return result | {f"manual/{name}.md": page_of(roff, manual) for name, roff in manual.items()}


def printed(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def page_of(roff, names):
    """One page in Markdown. Of the macros of man(7) it knows those that our programs write."""
    lines = iter(roff.splitlines())
    out = []
    for line in lines:
        macro, _, rest = line.partition(" ")
        if macro == ".TH":
            out.append("# " + rest.split('"')[1].lower() + "\n")
        elif macro == ".SH":
            out.append(f"\n## {rest.capitalize()}\n")
        elif macro == ".TP":
            out.append(f"\n{code(next(lines))}\n: {prose(next(lines), names)}\n")
        elif line.startswith("."):
            raise ValueError(f"manual pages: unknown macro in {line!r}")
        elif line.startswith(r"\fB"):
            out.append(f"{code(line)}\n")
        else:
            out.append(f"{prose(line, names)}\n")
    return "".join(out)


def plain(text):
    """A line without roff's escapes."""

    def replace(match):
        if match[0] not in ESCAPES:
            raise ValueError(f"manual pages: unknown escape {match[0]!r} in {text!r}")
        return ESCAPES[match[0]]

    return re.sub(r"\\(\(..|f.|.)", replace, text)


def code(text):
    return f"`{plain(text)}`"


def prose(text, names):
    """Markdown that shows a line as it is, with links to other manual pages."""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", plain(text))

    def link(match):
        return f"[{match[0]}]({match[1]}.md)" if match[1] in names else match[0]

    return re.sub(r"\b(relay[a-z-]*)\((?:1|8)\)", link, escaped)
