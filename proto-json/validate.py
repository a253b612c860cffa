#!/usr/bin/env python3
"""Checks proto-json with validators that are not ours: openapi-spec-validator and, which it brings along, jsonschema.

usage: validate.py BUNDLE    the bundled document, as `contractgen --bundle` prints it

1. openapi.json (with its schema files) and the bundle are valid OpenAPI 3.1.
2. Every schema is valid JSON Schema 2020-12, and its examples are valid by it.
3. Every parameter, every JSON body and every answer, of success or not, has an example, which is valid by its schema.
4. The vectors agree with the schemas: a body that is answered 2xx is valid, one whose faults are all the schema's is not,
   and what an operation answers, in a dry run too, is valid by the schema of that answer.
"""

import json
import pathlib
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate_url, validate

ROOT = pathlib.Path(__file__).resolve().parent

# Faults that the schema alone decides. JSON Schema cannot see duplicate members, and formats are annotations there.
SCHEMA_CODES = {
    "required", "unknown_member", "type", "null_value", "too_short", "too_long", "too_few", "too_many",
    "pattern", "enum", "out_of_range",
}

# Refused with such a code all the same, because only the store knows that the names are new, or the clock that a month is.
STORE_DECIDES = {"createCustomer/no-name", "consumeEed/future"}

# Succeeds although a part of its body is refused: that part gets a verdict of its own.
GIVES_VERDICTS = {"consumeEedBatch"}


# What stands in an answer for what no file can know, as an answer would have it.
PLACEHOLDERS = {
    "<<integer>>": 1, "<<string>>": "text", "<<time>>": "2026-02-06T11:00:00.000Z", "<<position>>": "1-1", "<<cut-position>>": "1-1.1",
}


def operations(bundle):
    """The schema of each operation's body by (method, path)."""
    for path, item in bundle["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            yield operation["operationId"], content.get("application/json", {}).get("schema")


def check_schemas(bundle, complain):
    count = 0
    for name, schema in bundle["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        # References start at the document's root, so the whole document goes along.
        validator = Draft202012Validator({**bundle, "$ref": f"#/components/schemas/{name}"})
        for example in schema.get("examples", []):
            count += 1
            for error in validator.iter_errors(example):
                complain(f"{name}: example {example!r}: {error.message}")
    return count


def resolved(bundle, value):
    """What a value says, itself or where its `$ref` leads."""
    while "$ref" in value:
        target = bundle
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


def check_example(bundle, place, holder, complain):
    """One place that has to have an example."""
    if "example" not in holder:
        complain(f"{place}: there is no example")
        return 0
    for error in Draft202012Validator({**bundle, **holder["schema"]}).iter_errors(holder["example"]):
        complain(f"{place}: example {holder['example']!r}: {error.message}")
    return 1


def check_operations(bundle, complain):
    count = 0
    for path, item in bundle["paths"].items():
        for method, operation in item.items():
            name = operation["operationId"]
            for parameter in operation.get("parameters", []):
                parameter = resolved(bundle, parameter)
                count += check_example(bundle, f"{name}: parameter {parameter['name']}", parameter, complain)
            for type, content in operation.get("requestBody", {}).get("content", {}).items():
                count += check_example(bundle, f"{name}: body {type}", content, complain)
            answers = {status: resolved(bundle, answer) for status, answer in operation["responses"].items()}
            successes = [status for status in answers if status.startswith("2")]
            if not successes:
                complain(f"{name}: no answer of success")
            for status, answer in answers.items():
                for type, content in answer.get("content", {}).items():
                    count += check_example(bundle, f"{name}: {status} {type}", content, complain)
                for field, header in answer.get("headers", {}).items():
                    header = resolved(bundle, header)
                    count += check_example(bundle, f"{name}: {status} field {field}", header, complain)
    return count


def check_vectors(bundle, complain):
    schemas = dict(operations(bundle))
    count = 0
    for file in sorted(ROOT.glob("vectors/*/*.json")):
        vector = json.loads(file.read_text())
        schema = schemas.get(file.parent.name)
        if schema is None or "body" not in vector["request"] or vector["request"]["method"] == "PUT":
            continue
        is_valid = Draft202012Validator({**bundle, **schema}).is_valid(vector["request"]["body"])
        expect = vector["expect"]
        codes = {fault["code"] for fault in expect.get("body", {}).get("errors", [])} if expect["status"] == 422 else set()
        name = f"{file.parent.name}/{file.stem}"
        count += 1
        if expect["status"] < 300 and not is_valid and file.parent.name not in GIVES_VERDICTS:
            complain(f"{name}: succeeds with a body that the schema refuses")
        if codes and codes <= SCHEMA_CODES and is_valid and name not in STORE_DECIDES:
            complain(f"{name}: is refused for {sorted(codes)}, but the schema takes the body")
    return count


def filled(value):
    """An expected body with values for its placeholders; ValueError for one that may be anything."""
    if isinstance(value, dict):
        return {name: filled(member) for name, member in value.items()}
    if isinstance(value, list):
        return [filled(element) for element in value]
    if isinstance(value, str) and value.startswith("<<"):
        if value not in PLACEHOLDERS:
            raise ValueError(value)
        return PLACEHOLDERS[value]
    return value


def check_answers(bundle, complain):
    """The answers of success that the vectors expect, by the operations that their folders name."""
    answers = {operation["operationId"]: operation["responses"] for item in bundle["paths"].values() for operation in item.values()}
    count = 0
    for file in sorted(ROOT.glob("vectors/*/*.json")):
        expect = json.loads(file.read_text())["expect"]
        answer = resolved(bundle, answers.get(file.parent.name, {}).get(str(expect["status"]), {}))
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema is None or "body" not in expect or expect["status"] >= 300:
            continue
        try:
            body = filled(expect["body"])
        except ValueError:
            continue
        count += 1
        for error in Draft202012Validator({**bundle, **schema}).iter_errors(body):
            complain(f"{file.parent.name}/{file.stem}: answer at {error.json_path}: {error.message}")
    return count


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    bundle = json.loads(pathlib.Path(sys.argv[1]).read_text())
    validate_url((ROOT / "openapi.json").as_uri())
    validate(bundle)
    complaints = []
    examples = check_schemas(bundle, complaints.append)
    shown = check_operations(bundle, complaints.append)
    vectors = check_vectors(bundle, complaints.append)
    answers = check_answers(bundle, complaints.append)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"openapi.json is valid, and so are {examples + shown} examples, and the bodies and answers of {vectors} and {answers} vectors")
    sys.exit(1 if complaints else 0)


main()
