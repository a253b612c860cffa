"""What is in a store, to compare it with what has to be."""
import json
import pathlib
import re

from relay import Programs

Documents = dict[tuple[int, str, int], str]


def documents(programs: Programs, store: pathlib.Path) -> Documents:
    """Every document by account, resource and id, as a dump has it; RuntimeError without one."""
    return parsed(programs.done('dump', '--store', store).stdout)


def parsed(dump: str) -> Documents:
    """The documents of a dump; ValueError when it has no end or other than it counts."""
    found: Documents = {}
    lines = dump.splitlines()
    if not lines or not lines[-1].startswith('{"end":'):
        raise ValueError('the dump has no end')
    for line in lines[1:-1]:
        record = json.loads(line)
        if 'document' in record:
            key = record['account'], record['resource'], record['id']
            found[key] = json.dumps(record['document'], sort_keys=True)
    if len(found) != json.loads(lines[-1])['documents']:
        raise ValueError('the dump has other documents than it counts')
    return found


def without_update(found: Documents) -> Documents:
    """The same without the time of the last change."""
    return {key: re.sub('"updatedAt": "[^"]*"', '', text) for key, text in found.items()}


def difference(found: Documents, wanted: Documents) -> str:
    """What differs, in words; nothing: ''."""
    missing, more = wanted.keys() - found.keys(), found.keys() - wanted.keys()
    changed = [key for key in wanted.keys() & found.keys() if wanted[key] != found[key]]
    if not missing and not more and not changed:
        return ''
    example = next(iter(missing or more or changed))
    return (
        f'{len(missing)} documents missing, {len(more)} too many, {len(changed)} changed, '
        f'such as {example}')
