"""The API reference in Markdown, of the bundled openapi.json: a page of operations for each tag, and one of all schemas."""

import json
import re

METHODS = ("get", "post", "put", "patch", "delete")


def pages(description):
    """The index, a page for each tag, and the schemas."""
    reader = Reader(description)
    tags = [tag["name"] for tag in description["tags"]]
    info = description["info"]
    index = [f"# API reference\n\n{info['summary']} {info['description']}\n\n"]
    index.append("`GET /openapi.json` answers the description that these pages are made of.\n\n")
    index.append("```{toctree}\n:maxdepth: 1\n\n" + "\n".join(tags) + "\nschemas\n```\n")
    result = {"reference/index.md": "".join(index), "reference/schemas.md": reader.schemas()}
    for tag in description["tags"]:
        result[f"reference/{tag['name']}.md"] = reader.operations(tag)
    return result


def linked_table(text, description):
    """The table of operations, with a link from each to its place in the reference."""
    tags = {operation["operationId"]: operation["tags"][0] for _, _, operation in operations_of(description)}

    def replace(match):
        name = match[1]
        return f"| [{name}](reference/{tags[name]}.md#{name.lower()}) |"

    return re.sub(r"^\| (\w+) \|", lambda match: replace(match) if match[1] in tags else match[0], text, flags=re.M)


def operations_of(description):
    for path, item in description["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, {"parameters": [], **item[method], "shared": item.get("parameters", [])}


class Reader:
    def __init__(self, description):
        self.description = description

    def resolved(self, value):
        """A parameter, a response or a header, without its reference."""
        while "$ref" in value:
            target = self.description
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            value = target
        return value

    # What an operation takes and answers.

    def operations(self, tag):
        out = [f"# {tag['name'].capitalize()}\n\n{tag.get('description', '')}\n"]
        for method, path, operation in operations_of(self.description):
            if tag["name"] in operation["tags"]:
                out.append(self.operation(method, path, operation))
        return "".join(out)

    def operation(self, method, path, operation):
        out = [f"\n## {operation['operationId']}\n\n```text\n{method.upper()} {path}\n```\n\n"]
        out.append(f"**{operation['summary']}.**{' Deprecated.' if operation.get('deprecated') else ''} ")
        out.append(f"{operation.get('description', '')}\n")
        if operation.get("security") == []:
            out.append("\nNeeds no key.\n")
        parameters = [self.resolved(value) for value in operation["shared"] + operation["parameters"]]
        if parameters:
            out += [title("Parameters"), "| Name | Type and meaning |\n|---|---|\n"]
            out += [self.parameter(value) for value in parameters]
        if body := operation.get("requestBody"):
            out += [title("Body"), f"{body.get('description', '')}\n"]
            out += [self.content(*entry) for entry in body["content"].items()]
        out += [title("Answers"), "| Status | Meaning | Body |\n|---|---|---|\n"]
        answers = {status: self.resolved(value) for status, value in operation["responses"].items()}
        out += [self.answer(*entry) for entry in answers.items()]
        for status, answer in answers.items():
            if status.startswith("2"):
                out += [self.content(*entry, status=status) for entry in answer.get("content", {}).items()]
        return "".join(out)

    def parameter(self, value):
        name = f"`{value['name']}` ({value['in']}{', required' if value.get('required') else ''})"
        return f"| {name} | {self.described(value['schema'], value.get('description'))} |\n"

    def answer(self, status, answer):
        bodies = [self.type(content["schema"]) for content in answer.get("content", {}).values()]
        meaning = cell(answer["description"])
        if headers := answer.get("headers"):
            meaning += " Fields: " + ", ".join(f"`{name}`" for name in headers) + "."
        return f"| {'others' if status == 'default' else status} | {meaning} | {', '.join(bodies)} |\n"

    def content(self, media, content, status=None):
        where = f"{status}, " if status else ""
        out = [f"\n{where}`{media}`: {self.type(content['schema'])}\n"]
        if "properties" in content["schema"]:
            out.append("\n" + self.members(content["schema"]))
        if "example" in content:
            out.append("\n" + example(content["example"]))
        return "".join(out)

    # Schemas.

    def schemas(self):
        out = ["# Schemas\n\nThe types of bodies and parameters, by name.\n"]
        for name, schema in sorted(self.description["components"]["schemas"].items()):
            out.append(f"\n## {name}\n\n{schema.get('description', '')}\n")
            if "properties" in schema:
                out.append("\n" + self.members(schema))
            else:
                out.append(f"\nType: {self.type(schema)}\n")
            # Rules between members, which no table shows.
            rules = {key: schema[key] for key in ("allOf", "if", "then", "else", "minProperties") if key in schema}
            if "properties" in schema and "anyOf" in schema:
                rules["anyOf"] = schema["anyOf"]
            if rules:
                out.append("\nAnd these rules hold:\n\n" + example(rules))
            for value in schema.get("examples", [])[:1]:
                out.append("\n" + example(value))
        return "".join(out)

    def members(self, schema):
        required = schema.get("required", [])
        rows = ["| Member | Type and meaning |\n|---|---|\n"]
        for name, member in schema["properties"].items():
            mark = " (required)" if name in required else ""
            rows.append(f"| `{name}`{mark} | {self.described(member, member.get('description'))} |\n")
        return "".join(rows)

    def described(self, schema, description):
        """A type and what is meant, in one cell: a phone has no room for a third."""
        return self.type(schema) + (f": {cell(description)}" if description else "")

    def type(self, schema):
        """A type in words, in one line that a table's cell takes."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return f"[{name}](/reference/schemas.md#{name.lower()})"
        if "anyOf" in schema and "properties" not in schema:
            return " or ".join(self.type(choice) for choice in schema["anyOf"])
        if "enum" in schema:
            return ", ".join(f"`{json.dumps(value, ensure_ascii=False)}`" for value in schema["enum"])
        kind = schema.get("type", "anything")
        words = " or ".join(kind) if isinstance(kind, list) else kind
        if words == "array":
            words = f"array of {self.type(schema['items'])}"
        return words + bounds(schema)


# The bounds of a schema in words.
BOUNDS = (
    ("minLength", "maxLength", "characters"), ("minItems", "maxItems", "elements"), ("minimum", "maximum", ""),
)


def bounds(schema):
    found = []
    for low, high, unit in BOUNDS:
        if low in schema or high in schema:
            limits = f"{schema.get(low, '')}…{schema.get(high, '')}"
            found.append(f"{limits} {unit}".strip())
    if "format" in schema:
        found.append(schema["format"])
    # A long pattern says less than the description does.
    if "pattern" in schema and len(schema["pattern"]) <= 40:
        found.append("`" + schema["pattern"].replace("|", "\\|") + "`")
    if "default" in schema:
        found.append(f"default `{json.dumps(schema['default'], ensure_ascii=False)}`")
    return f" ({', '.join(found)})" if found else ""


def title(words):
    return f"\n```{{rubric}} {words}\n```\n\n"


def cell(text):
    """Prose in one cell of a table."""
    return re.sub(r"\s*\n\s*", " ", text).replace("|", "\\|")


def example(value):
    if isinstance(value, str):
        return f"```text\n{value.rstrip()}\n```\n"
    return f"```json\n{json.dumps(value, ensure_ascii=False, indent=2)}\n```\n"
