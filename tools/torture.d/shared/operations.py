"""Requests made from the description of the API: one for each operation, whatever it has."""
import dataclasses
import json
import re
from typing import Any, Iterator, Mapping
from urllib.parse import urlencode

import client

# Parameters and members that name records, and the operation that makes such a record. One that is
# missing here is an error: a new operation is not passed over.
MAKERS = {
    'addressId': 'createAddress', 'customerId': 'createCustomer', 'propertyId': 'createProperties',
    'unitId': 'createUnits', 'orderId': 'createOrder', 'commentId': 'createOrderComment',
    'fieldId': 'createOrderField', 'contactPersonId': 'createContactPerson',
    'appointmentId': 'createAppointment', 'documentId': 'createDocument',
    'attachmentId': 'createDocumentAttachment'}
# Members that may have any text.
FREE_TEXTS = {'name', 'title', 'description', 'text', 'authorName', 'location', 'streetAddress',
              'internalId', 'mscName'}
# Members of examples that say the same as an id, or must not be used twice.
LEFT_OUT = {'externalId', 'internalPropertyId', 'internalCustomerId'}
WHOLE_LIST = 1000


@dataclasses.dataclass(frozen=True)
class Request:
    """A request, without its key."""

    method: str
    path: str
    body: bytes | None
    headers: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Operation:
    """One operation of the description."""

    name: str
    method: str
    path: str
    # Of the query: name and description.
    parameters: dict[str, dict[str, Any]]
    example: Any
    is_public: bool
    has_get: bool

    @property
    def makes(self) -> str | None:
        """The parameter that names what it makes."""
        return next((name for name, maker in MAKERS.items() if maker == self.name), None)

    @property
    def references(self) -> set[str]:
        """The names of all records that a request can refer to."""
        names = set(re.findall(r'{(\w+)}', self.path)) | set(self.parameters)
        return {name for name in names | set(members(self.example)) if name in MAKERS}

    def request(
        self, ids: Mapping[str, str], stamp: str, headers: Mapping[str, str],
        method: str | None = None, dry: bool = False, limit: int = WHOLE_LIST,
        cursor: str | None = None, filters: frozenset[str] = frozenset(),
    ) -> Request:
        """A request for these ids. `stamp` makes its texts its own."""
        method = method or self.method
        path = re.sub(r'{(\w+)}', lambda match: ids[match[1]], self.path)
        query = self.query(ids, filters, limit, cursor) if self.method == 'GET' else {}
        if dry and 'dryRun' in self.parameters:
            query['dryRun'] = 'true'
        fields, body = dict(headers), None
        if self.example is not None and method == self.method:
            body = json.dumps(fill(self.example, ids, stamp)).encode()
            fields['Content-Type'] = 'application/json'
        return Request(method, f'{path}?{urlencode(query)}' if query else path, body, fields)

    def query(
        self, ids: Mapping[str, str], filters: frozenset[str], limit: int, cursor: str | None,
    ) -> dict[str, str]:
        """The query: what is required, a page, and the filters asked for."""
        result = {}
        for name, parameter in self.parameters.items():
            if name in MAKERS and (parameter.get('required') or name in filters):
                result[name] = ids[name]
            elif parameter.get('required'):
                result[name] = str(parameter['example'])
        if 'limit' in self.parameters:
            result['limit'] = str(limit)
            if 'cursor' in self.parameters:
                result.update({'cursor': cursor} if cursor else {'offset': '0'})
        return result


def read(document: dict[str, Any]) -> list[Operation]:
    """The operations of a description, in its order."""
    result = []
    for path, item in document['paths'].items():
        for method, operation in item.items():
            if method not in ('get', 'post', 'patch', 'put', 'delete'):
                continue
            parameters = [resolved(document, parameter) for parameter in
                          [*item.get('parameters', []), *operation.get('parameters', [])]]
            asked = path
            for parameter in parameters:
                name = parameter['name']
                if parameter['in'] == 'path' and name not in MAKERS and 'example' in parameter:
                    asked = asked.replace(f'{{{name}}}', str(parameter['example']))
                if parameter['in'] == 'path' and name not in MAKERS and 'Id' in name:
                    raise ValueError(f'{path}: operations.py does not know what makes a {name}')
            content = operation.get('requestBody', {}).get('content', {})
            # What is described as a form is taken as JSON too, without its files.
            described = content.get('application/json') or content.get('multipart/form-data', {})
            example = described.get('example')
            if isinstance(example, dict):
                example.pop('files', None)
            result.append(Operation(
                operation['operationId'], method.upper(), asked,
                {parameter['name']: parameter for parameter in parameters
                 if parameter['in'] == 'query'},
                example,
                operation.get('security') == [], 'get' in item))
    return result


def resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """What a $ref of the description leads to."""
    while '$ref' in value:
        target: Any = document
        for part in value['$ref'].removeprefix('#/').split('/'):
            target = target[part]
        value = target
    return value


def members(value: Any) -> Iterator[str]:
    """The names of all members of a document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in LEFT_OUT and name.startswith('internal'):
                yield name[8].lower() + name[9:]
            yield name
            yield from members(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from members(inner)


def fill(value: Any, ids: Mapping[str, str], stamp: str) -> Any:
    """An example with these ids, and texts of its own."""
    if isinstance(value, list):
        return [fill(inner, ids, stamp) for inner in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for name, inner in value.items():
        if name in LEFT_OUT:
            reference = name[8].lower() + name[9:]
            if reference in MAKERS:
                result[reference] = ids[reference]
        elif name in MAKERS:
            result[name] = type(inner)(ids[name])
        elif name in FREE_TEXTS and isinstance(inner, str):
            result[name] = f'{inner} {stamp}'
        else:
            result[name] = fill(inner, ids, stamp)
    return result


def texts(value: Any) -> Iterator[str]:
    """All texts of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def first_id(answer: client.Answer) -> str | None:
    """The id that an answer gives: a bare integer, or the member that is nested least."""
    level = [answer.json()] if answer.body else []
    if level and isinstance(level[0], int):
        return str(level[0])
    while level:
        for value in level:
            if isinstance(value, dict) and 'id' in value:
                return str(value['id'])
        level = [inner for value in level if isinstance(value, (dict, list))
                 for inner in (value.values() if isinstance(value, dict) else value)]
    return None


def sent_text(request: Request) -> str:
    """The body of a request as its reader sees it, without JSON's escapes."""
    if not request.body:
        return ''
    return json.dumps(json.loads(request.body), ensure_ascii=False)


def plain(answer: client.Answer, ids: set[str]) -> str:
    """An answer as text, with # for ids: so answers about different records can be compared."""

    def without(text: str) -> str:
        return re.sub(rf"\b({'|'.join(sorted(ids))})\b", '#', text) if ids else text

    fields = {name: without(value) if name in ('location', 'link') else value
              for name, value in sorted(answer.headers.items())}
    return f"{answer.status} {fields} {without(answer.body.decode('latin-1'))}"
