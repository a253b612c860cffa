"""A mirror of an account, made from the feed of changes: a process of its own, to be killed.

usage: follower.py poll|events|httpx SOCKET KEY JOURNAL

It writes what it is told into a journal, a line for each answer or event: the position behind it and the
changes. Started again, it goes on behind the last whole line. `events` reads server-sent events by itself,
`httpx` by packages that nobody here wrote (httpx, httpx-sse and h2 of PyPI).
"""
import json
import os
import pathlib
import sys
import time
from typing import Any, Iterator

import client

WAIT = '5s'
PAUSE_SECONDS = 0.01
QUIET_SECONDS = 30
BLOCK_BYTES = 1 << 16
# The feed's name of a kind of record, where a dump has another one.
DUMPED = {'eedMonth': 'eed'}


def lines(journal: pathlib.Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a journal."""
    if not journal.exists():
        return
    with open(journal, 'rb') as file:
        for line in file:
            if line.endswith(b'\n'):
                yield json.loads(line)


def last_line(journal: pathlib.Path) -> tuple[bytes, int]:
    """The last whole line of a journal, and the length of all whole lines: journals grow large."""
    if not journal.exists():
        return b'', 0
    with open(journal, 'rb') as file:
        begin = end = file.seek(0, os.SEEK_END)
        data = b''
        while data.count(b'\n') < 2 and begin > 0:
            size = min(BLOCK_BYTES, begin)
            begin -= size
            file.seek(begin)
            data = file.read(size) + data
    whole = data[:data.rfind(b'\n') + 1]
    return whole[whole.rfind(b'\n', 0, -1) + 1:], end - len(data) + len(whole)


def position(journal: pathlib.Path) -> str:
    """Where to go on."""
    line, _ = last_line(journal)
    return json.loads(line)['next'] if line else 'oldest'


class Journal:
    """What was told, kept as it comes."""

    def __init__(self, path: pathlib.Path) -> None:
        # The rest of a line that was cut off must not become a part of the next one.
        if path.exists():
            os.truncate(path, last_line(path)[1])
        self.next = position(path)
        self.file = open(path, 'ab', buffering=0)

    def add(self, following: str, changes: list[dict[str, Any]]) -> None:
        """Keeps the changes up to a position: all of them or none."""
        if following == self.next and not changes:
            return
        line = json.dumps({'after': self.next, 'next': following, 'changes': changes})
        self.file.write(line.encode() + b'\n')
        self.next = following


def poll(unix: str, key: str, journal: Journal) -> None:
    """One connection's worth of long polls."""
    asking = client.Client(unix, key)
    while True:
        answer = asking.get(
            f'/v1/changes?after={journal.next}&wait={WAIT}&include=document&limit=50')
        if answer.status == 503:
            return
        if answer.status != 200:
            raise SystemExit(f'{answer.status} {answer.body[:300]!r}')
        page = answer.json()
        journal.add(page['next'], page['changes'])


def take(journal: Journal, name: str, number: str, data: str) -> None:
    """Takes one event."""
    if name == 'change':
        journal.add(number, [json.loads(data)])
    elif name == 'bookmark':
        journal.add(number, [])
    else:
        raise SystemExit(f'an event {name!r}')


def events(unix: str, key: str, journal: Journal) -> None:
    """One stream of events, read line by line."""
    connection = client.Connection(unix, QUIET_SECONDS)
    number = connection.begin([
        (':method', 'GET'), (':scheme', 'http'), (':authority', 'localhost'),
        (':path', '/v1/changes?after=oldest&include=document'), ('accept', 'text/event-stream'),
        ('authorization', f'Bearer {key}'),
        *([] if journal.next == 'oldest' else [('last-event-id', journal.next)])], None)
    stream = connection.streams[number]
    event: dict[str, str] = {}
    while True:
        *whole, rest = bytes(stream.body).split(b'\n')
        stream.body[:] = rest
        for line in whole:
            name, _, value = line.decode().partition(':')
            if line:
                event[name] = value.removeprefix(' ')
            elif 'data' in event:
                take(journal, event['event'], event['id'], event['data'])
                event = {}
            else:
                event = {}
        if stream.status not in (0, 200):
            if stream.status == 503:
                return
            raise SystemExit(f'{stream.status} {bytes(stream.body)!r}')
        if stream.error is not None:
            connection.close()
            return
        connection.receive()


def with_httpx(unix: str, key: str, journal: Journal) -> None:
    """One stream of events, read by httpx-sse."""
    import h2.exceptions
    import httpx
    import httpx_sse
    fields = {'authorization': f'Bearer {key}'}
    if journal.next != 'oldest':
        fields['last-event-id'] = journal.next
    transport = httpx.HTTPTransport(uds=unix, http1=False, http2=True)
    try:
        with (httpx.Client(transport=transport, timeout=QUIET_SECONDS) as asking,
              httpx_sse.connect_sse(
                  asking, 'GET', 'http://localhost/v1/changes?after=oldest&include=document',
                  headers=fields) as source):
            if source.response.status_code != 200:
                source.response.read()
                if source.response.status_code == 503:
                    return
                raise SystemExit(f'{source.response.status_code} {source.response.text[:300]}')
            for event in source.iter_sse():
                take(journal, event.event, event.id, event.data)
    except (httpx.TransportError, h2.exceptions.ProtocolError) as reason:
        # After GOAWAY h2 takes DATA for an error, also of streams that go on (RFC 9113 section 6.8); httpcore lets
        # its exception through.
        raise client.Unanswered(str(reason)) from reason


def main() -> None:
    """Follows until it is killed."""
    form, unix, key, path = sys.argv[1:]
    journal = Journal(pathlib.Path(path))
    follow = {'poll': poll, 'events': events, 'httpx': with_httpx}[form]
    while True:
        try:
            follow(unix, key, journal)
        except client.Unanswered:
            pass
        time.sleep(PAUSE_SECONDS)


if __name__ == '__main__':
    main()
