"""pollers that ask for what is newer than what they have seen, beside writers, a load, a restore"""
import collections
import datetime
import pathlib
import threading
from typing import Any, Callable, NamedTuple

import client
import relay
import report

NUMBERS = [
    report.Number('writes', 2_000, 100_000, 'writes that pollers must not miss'),
    report.Number('writers', 64, 64, 'threads that write'),
]
PLANTS = {'own-clock': 'pollers ask for what was changed since their last poll, by their own clock'}
FINDINGS = {'own-clock': 'missed'}


class Kind(NamedTuple):
    """A list that says when its records were changed, and how a text of a record is changed."""

    path: str
    member: str | None
    text: str
    change: Callable[[client.Client, int, str], client.Answer]


KINDS = [
    Kind('/v1/orders', None, 'title', lambda c, i, t: c.patch(f'/v1/orders/{i}', {'title': t})),
    Kind('/v1/properties', 'properties', 'name', lambda c, i, t: c.post(
        '/v1/properties', {'properties': [{'id': i, 'name': t}]})),
    Kind('/v1/units', 'units', 'name', lambda c, i, t: c.post(
        '/v1/units', {'units': [{'id': i, 'name': t}]})),
    Kind('/v2/documents', 'documents', 'title', lambda c, i, t: c.patch(
        f'/v2/documents/{i}', {'title': t})),
]
Texts = dict[int, int]


class Poller:
    """A copy of a list, kept by polling."""

    def __init__(self, kind: Kind, asking: client.Client, has_clock: bool) -> None:
        self.kind = kind
        self.client = asking
        self.has_clock = has_clock
        self.texts: Texts = {}
        self.newest = ''
        self.polls = 0

    def poll(self) -> None:
        """Asks once, for all pages."""
        self.polls += 1
        path: str | None = f'{self.kind.path}?sort=updatedAt&limit=1000&offset=0'
        if self.newest:
            path += f'&updatedSince={self.newest}'
        while path:
            answer = self.client.get(path)
            if answer.status != 200:
                raise RuntimeError(f'{path}: {answer.status} {answer.body[:500]!r}')
            body = answer.json()
            for record in body[self.kind.member] if self.kind.member else body:
                self.texts[int(record['id'])] = int(record[self.kind.text])
                self.newest = max(self.newest, record['updatedAt'])
            link = answer.headers.get('link', '')
            path = link[link.index('<') + 1:link.index('>')] if link else None
        if self.has_clock:
            now = datetime.datetime.now(datetime.timezone.utc)
            self.newest = now.strftime('%Y-%m-%dT%H:%M:%S.%fZ')


class Writers:
    """Threads that each change a record of every kind, in turn; what was acknowledged of each."""

    def __init__(self, server: relay.Relayd, key: str, count: int, writes: int) -> None:
        self.acknowledged: list[Texts] = [{} for _ in KINDS]
        self.wrong: collections.Counter[str] = collections.Counter()
        rounds = -(-writes // count)
        self.threads = [
            threading.Thread(
                target=self.write, args=(server.client(key), number, rounds), daemon=True)
            for number in range(1, count + 1)]
        for thread in self.threads:
            thread.start()

    def write(self, asking: client.Client, number: int, rounds: int) -> None:
        """One writer's changes."""
        for turn in range(rounds):
            place = (turn + number) % len(KINDS)
            try:
                answer = KINDS[place].change(asking, number, str(turn))
            except client.Unanswered as fault:
                self.wrong[str(fault)] += 1
                return
            if answer.status == 200:
                self.acknowledged[place][number] = turn
            else:
                self.wrong[f'{answer.status} {answer.body[:300]!r}'] += 1

    def write_on(self) -> bool:
        """Whether any of them has not ended."""
        return any(thread.is_alive() for thread in self.threads)


def begin(asking: client.Client, count: int) -> None:
    """A record of each kind for each writer."""
    bodies: list[tuple[str, Any]] = [
        ('/v1/customers', {'customer': {'name': 'Nord'}}),
        ('/v1/properties', {'properties': [{'name': '-1', 'customerId': 1}] * count}),
        ('/v1/units', {'units': [{'name': '-1', 'propertyId': 1}] * count})]
    bodies += [('/v1/orders', {'title': '-1'})] * count
    bodies += [('/v2/documents', {'title': '-1', 'propertyId': 1, 'customerId': 1})] * count
    for path, body in bodies:
        answer = asking.post(path, body)
        if answer.status not in (200, 201):
            raise RuntimeError(f'POST {path}: {answer.status} {answer.body!r}')


def begin_to_poll(run: report.Run, server: relay.Relayd, key: str) -> list[Poller]:
    """A poller for each list."""
    return [Poller(kind, server.client(key), run.plant == 'own-clock') for kind in KINDS]


def compare(run: report.Run, poller: Poller, wanted: Texts, when: str) -> None:
    """A poller asks, and has to know at least what was acknowledged before."""
    poller.poll()
    for number, text in wanted.items():
        known = poller.texts.get(number)
        run.expect(
            known is not None and known >= text,
            f'{when}: {poller.kind.path}/{number} was missed: {known} is known, {text} was written')


def race(run: report.Run, server: relay.Relayd, key: str, pollers: list[Poller]) -> None:
    """Writers and pollers at once; the last polls come behind the last write."""
    writers = Writers(server, key, run.number('writers'), run.number('writes'))
    over = False
    while not over:
        over = not writers.write_on()
        for poller, acknowledged in zip(pollers, writers.acknowledged):
            compare(run, poller, dict(acknowledged), 'beside writers')
    for text, times in writers.wrong.items():
        run.wrong(f'{times} writes were answered {text}')


def load_old(
    run: report.Run, server: relay.Relayd, dump: pathlib.Path, pollers: list[Poller],
    admin: pathlib.Path,
) -> None:
    """A dump from before the writes comes back: each record is as it was then."""
    run.programs.done('load', dump, '--store', server.store, '--admin-socket', admin)
    for poller in pollers:
        poller.poll()
        wrong = [number for number, text in poller.texts.items() if text != -1]
        run.expect(not wrong, f'behind a load: {poller.kind.path} {wrong} were missed')


def torture(run: report.Run) -> None:
    """Writes and polls; loads an old dump; restores an old snapshot, and writes and polls again."""
    store, admin = run.place / 'store', run.place / 'admin.sock'
    options = ['--loops', '2', '--admin-socket', str(admin)]
    server = relay.Relayd(run.programs, store, options=options)
    key = run.programs.key(store, admin=admin)
    begin(server.client(key), run.number('writers'))
    dump, snapshot = run.place / 'old.jsonl', run.place / 'snapshot'
    run.programs.done('dump', '--store', store, '--to', dump)
    run.programs.done('snapshot', 'create', '--store', store, '--to', snapshot)

    pollers = begin_to_poll(run, server, key)
    race(run, server, key, pollers)
    polls = sum(poller.polls for poller in pollers)
    load_old(run, server, dump, pollers, admin)
    newest = server.client(key).get('/v1/orders/1').headers['relay-seq'].rpartition('-')[2]
    server.stop()
    restored = run.place / 'restored'
    run.programs.done(
        'snapshot', 'restore', snapshot, '--to', restored, '--as-of', newest,
        '--changes-from', store)
    server = relay.Relayd(run.programs, restored, options=options)
    behind = begin_to_poll(run, server, key)
    for poller, old in zip(behind, pollers):
        # It goes on from what it has seen of the store of before.
        poller.newest, poller.texts = old.newest, dict(old.texts)
    race(run, server, key, behind)
    code = server.stop()
    run.expect(code == 0, f'relayd ended with {code}: {server.log()[-500:]}')
    polls += sum(poller.polls for poller in behind)
    run.summary = (
        f"none of {2 * run.number('writes')} writes by {run.number('writers')} writers was missed "
        f'in {polls} polls of {len(KINDS)} lists, behind a load and a restore neither')


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
