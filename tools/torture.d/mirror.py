"""mirrors of an account through the feed of changes, killed as relayd is: equal to a dump at the end"""
import base64
import dataclasses
import importlib.util
import itertools
import json
import pathlib
import subprocess
import sys
import threading
import time
from typing import Any, Callable

import client
import follower
import frames
import relay
import report

NUMBERS = [
    report.Number('kills', 4, 20, 'kills of relayd, and of each mirror'),
    report.Number('writers', 8, 16, 'threads that write'),
    report.Number('milliseconds', 1500, 36_000, 'longest time between two kills'),
]
PLANTS = {
    'left-out': 'a mirror forgets one change that it was told',
    'twice': 'a mirror that starts again goes on from an older position',
}
FINDINGS = {'left-out': 'differs|is missing|is there still', 'twice': 'twice|not behind'}
# A mirror that comes no nearer to the end for this long has stopped.
SETTLE_SECONDS = 60
FIRST_ORDERS = 40
# A quiet feed has a bookmark in this time.
BOOKMARK_SECONDS = 15
# Followers that never read, and what relayd may take for all of them: a portion of 64 KiB for each, and as
# much again for what is in its buffers.
DEAF = 40
DEAF_BYTES = DEAF * 128 * 1024 + (48 << 20)
PDF = base64.b64encode(b'%PDF-1.4 mirror').decode()
FORM = (b'--x\r\ncontent-disposition: form-data; name="text"\r\n\r\nwith a file\r\n'
        b'--x\r\ncontent-disposition: form-data; name="authorName"\r\n\r\nmirror\r\n'
        b'--x\r\ncontent-disposition: form-data; name="files"; filename="a.txt"\r\n'
        b'content-type: text/plain\r\n\r\nbytes\r\n--x--\r\n')


@dataclasses.dataclass
class Mirror:
    """A follower's process, and its journal."""

    form: str
    journal: pathlib.Path
    command: list[str]
    process: subprocess.Popen | None = None

    def start(self) -> None:
        """Starts it, for the first time or again."""
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)

    def kill(self) -> int | None:
        """Kills it; its exit code if it had ended by itself."""
        assert self.process is not None
        ended = self.process.poll()
        self.process.kill()
        self.process.wait()
        return ended


class Writer(threading.Thread):
    """Writes of every kind, one after the other. What has no answer may have been done or not."""

    def __init__(self, run: report.Run, server: relay.Relayd, key: str, number: int) -> None:
        super().__init__(daemon=True)
        self.random = run.random.__class__(f'{run.seed} {number}')
        self.client = server.client(key)
        self.number = number
        self.over = threading.Event()
        self.count = itertools.count()
        self.torture = run
        self.orders = 0
        self.answered = 0

    def run(self) -> None:
        """Writes until told to end."""
        while not self.over.is_set():
            try:
                answer = self.random.choice(WRITES)(self)
                self.answered += answer.status < 300
            except client.Unanswered:
                time.sleep(0.01)

    def text(self) -> str:
        """A text that nobody else writes."""
        return f'{self.number}.{next(self.count)}'

    def old(self, most: int = 40) -> int:
        """The id of a record that may be there."""
        return self.random.randint(1, most)

    def order(self) -> int:
        """The id of an order that may be there: of ever more, or each change of an order that all comment on
        would tell megabytes."""
        return self.old(FIRST_ORDERS + self.torture.number('writers') * self.orders)

    def new_order(self) -> client.Answer:
        """Makes an order."""
        self.orders += 1
        return self.client.post('/v1/orders', {'title': self.text()})


Write = Callable[[Writer], client.Answer]
WRITES: list[Write] = [
    Writer.new_order,
    lambda w: w.client.patch(f'/v1/orders/{w.order()}', {'internalId': w.text()}),
    lambda w: w.client.patch(f'/v1/orders/{w.order()}', {'status': 'FINISHED'}),
    lambda w: w.client.post(
        f'/v1/orders/{w.order()}/comments', {'text': w.text(), 'authorName': 'mirror'}),
    lambda w: w.client.post(
        f'/v1/orders/{w.order()}/comments', FORM,
        headers={'content-type': 'multipart/form-data; boundary=x'}),
    lambda w: w.client.post('/v1/order-fields', {
        'name': w.text(), 'content': 'c', 'position': 0, 'orderId': w.order()}),
    lambda w: w.client.post('/v1/contact-persons', {
        'name': w.text(), 'type': 'TENANT', 'email': 'a@example.org', 'orderId': w.order()}),
    lambda w: w.client.post('/v1/addresses', {
        'streetAddress': w.text(), 'postalCode': '80331', 'locality': 'M', 'country': 'DE'}),
    lambda w: w.client.post('/v1/customers', {'customer': {'name': w.text()}}),
    lambda w: w.client.post('/v1/properties', {'properties': [
        {'name': w.text(), 'customerId': 1} for _ in range(w.random.randint(1, 120))]}),
    lambda w: w.client.request('DELETE', f'/v1/properties/{w.old(400)}'),
    lambda w: w.client.post('/v1/units', {'units': [
        {'name': w.text(), 'propertyId': w.old(20)} for _ in range(w.random.randint(1, 9))]}),
    lambda w: w.client.post('/v1/appointments', {
        'title': w.text(), 'dateStart': '2026-03-02 10:00:00', 'dateEnd': '2026-03-02 11:00:00',
        'location': 'Keller', 'customerId': 1, 'description': 'd'}),
    lambda w: w.client.patch(f'/v1/appointments/{w.old()}', {'title': w.text()}),
    lambda w: w.client.request('DELETE', f'/v1/appointments/{w.old(200)}'),
    lambda w: w.client.post('/v2/documents', {
        'title': w.text(), 'propertyId': w.old(20), 'customerId': 1}),
    lambda w: w.client.post(f'/v2/documents/{w.old()}/attachments', {
        'name': w.text(), 'fileType': 'application/pdf', 'content': PDF}),
    lambda w: w.client.post('/v1/eed', {
        'propertyId': 1, 'unitId': 1, 'customerId': 1, 'period': f'2024-{w.old(12):02}',
        'mscName': w.text(), 'benchmarks': [], 'consumptions': [
            {'service': 'HEATING', 'unitofmeasure': 'HCU', 'amount': w.old()}]}),
]


def mirrors(run: report.Run, server: relay.Relayd, key: str) -> list[Mirror]:
    """One for each way to follow."""
    forms = ['poll', 'events']
    if importlib.util.find_spec('httpx_sse') and importlib.util.find_spec('h2'):
        forms.append('httpx')
    else:
        run.step('httpx, httpx-sse and h2 are not installed: followed by our own clients only')
    script = pathlib.Path(follower.__file__)
    made = []
    for form in forms:
        journal = run.place / f'{form}.jsonl'
        made.append(Mirror(form, journal, [
            sys.executable, str(script), form, str(server.socket), key, str(journal)]))
    return made


def torture(run: report.Run) -> None:
    """Writes, follows, kills; then compares."""
    store = run.place / 'store'
    server = relay.Relayd(run.programs, store)
    key, other = run.programs.key(store), run.programs.key(store, account=2)
    for asking in (server.client(key), server.client(other)):
        begin(asking)
    following = mirrors(run, server, key)
    try:
        write_and_follow(run, server, following, (key, other))
    finally:
        for mirror in following:
            if mirror.process is not None:
                mirror.kill()


def write_and_follow(
    run: report.Run, server: relay.Relayd, following: list[Mirror], keys: tuple[str, str],
) -> None:
    """Everything between the start of the mirrors and their end."""
    key, other = keys
    for mirror in following:
        mirror.start()
    writers = [
        Writer(run, server, other if number == 0 else key, number)
        for number in range(run.number('writers'))]
    for writer in writers:
        writer.start()
    try:
        kill_often(run, server, following)
    finally:
        for writer in writers:
            writer.over.set()
        for writer in writers:
            writer.join(client.REQUEST_SECONDS)
    if run.plant is None:
        look_at_deaf(run, server, key)
        look_at_quiet(run, server, key)
    newest = server.client(key).get('/v1/orders/1').headers['relay-seq']
    for mirror in following:
        settle(run, mirror, newest)
    code = server.stop()
    run.expect(code == 0, f'relayd ended with {code}: {server.log()[-500:]}')
    for mirror in following:
        mirror.kill()
    dump = dumped(run, server.store)
    told = [compare(run, mirror, dump) for mirror in following]
    answered = sum(writer.answered for writer in writers)
    run.expect(answered > run.number('kills'), f'only {answered} writes')
    run.summary = (
        f"{answered} writes, {run.number('kills')} kills, {len(following)} mirrors were told "
        f'{min(told)} changes each, 0 differ, none twice')


def begin(asking: client.Client) -> None:
    """Makes what the first writes refer to."""
    asking.post('/v1/customers', {'customer': {'name': 'Hausverwaltung Nord'}})
    asking.post('/v1/properties', {'properties': [
        {'name': f'Haus {number}', 'customerId': 1} for number in range(20)]})
    asking.post('/v1/units', {'units': [{'name': 'WE 1', 'propertyId': 1}]})
    for number in range(FIRST_ORDERS):
        asking.post('/v1/orders', {'title': f'Auftrag {number}'})


def kill_often(run: report.Run, server: relay.Relayd, following: list[Mirror]) -> None:
    """Kills relayd, and each mirror, at random moments; every fourth end is told by SIGTERM."""
    for number in range(run.number('kills')):
        time.sleep(run.random.uniform(0.1, run.number('milliseconds') / 1000))
        if number % 4 == 3:
            code = server.stop()
            run.expect(code == 0, f'relayd ended with {code}: {server.log()[-500:]}')
        else:
            server.kill()
        server.start()
        time.sleep(run.random.uniform(0.1, run.number('milliseconds') / 1000))
        for mirror in following:
            ended = mirror.kill()
            run.expect(ended is None, f'the mirror by {mirror.form} ended with {ended}')
            if run.plant == 'twice' and number == 2:
                forget_position(mirror.journal)
            mirror.start()


def look_at_quiet(run: report.Run, server: relay.Relayd, key: str) -> None:
    """A follower who is told nothing gets a bookmark of the present in time, and heartbeats without id."""
    asking = server.client(key)
    connection = client.Connection(str(server.socket), seconds=BOOKMARK_SECONDS)
    number = connection.begin([
        (':method', 'GET'), (':scheme', 'http'), (':authority', 'localhost'),
        (':path', '/v1/changes?after=oldest&resource=address'), ('accept', 'text/event-stream'),
        ('authorization', f'Bearer {key}')], None)
    stream, since = connection.streams[number], time.monotonic()
    # Changes, but of another kind than what is followed.
    newest = asking.post('/v1/orders', {'title': 'not followed'}).headers['relay-seq']
    bookmark = f'event: bookmark\nid: {newest}\ndata: '.encode()
    while bookmark not in stream.body and time.monotonic() < since + BOOKMARK_SECONDS:
        connection.receive()
    took = time.monotonic() - since
    run.expect(
        bookmark in stream.body,
        f'no bookmark of {newest} in {took:.0f} s: {bytes(stream.body)[-300:]!r}')
    run.expect(b'\n\n:\n' in stream.body, f'no heartbeat: {bytes(stream.body)[-300:]!r}')
    run.step(f'a bookmark of the present after {took:.1f} s without a change')
    connection.close()


def look_at_deaf(run: report.Run, server: relay.Relayd, key: str) -> None:
    """Followers that never read cost bounded memory and hold no page of the store."""
    wires = []
    for _ in range(DEAF):
        wire = frames.Wire(server.socket, seconds=5)
        wire.begin(frames.setting(frames.INITIAL_WINDOW_SIZE, frames.MAX_WINDOW))
        fields = [*frames.request('GET', '/v1/changes?after=oldest&include=document', key),
                  ('accept', 'text/event-stream')]
        wire.send(frames.frame(
            frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, 1, frames.block(fields)))
        wires.append(wire)
    asking = server.client(key)
    for number in range(200):
        asking.post('/v1/orders', {'title': f'deaf {number} ' + 'x' * 150})
    # The loops have nothing to do now, and the last checkpoint was made a second behind the last write: a
    # reader that lags would be a follower's.
    time.sleep(2)
    for number in range(3):
        asking.post('/v1/orders', {'title': f'after {number}'})
    readers = json.loads(run.programs.done(
        'readers', '--store', server.store, '--json').stdout)['readers']
    lags = [reader.get('lag', 0) for reader in readers]
    run.expect(max(lags, default=0) <= 3, f'a reader holds old pages: {readers}')
    status = pathlib.Path(f'/proc/{server.pid}/status').read_text()
    anonymous = 1024 * int(next(
        line.split()[1] for line in status.splitlines() if line.startswith('RssAnon')))
    run.expect(
        anonymous <= DEAF_BYTES, f'relayd has {anonymous} bytes with {DEAF} deaf followers')
    run.step(f'{DEAF} followers that never read: relayd has {anonymous >> 20} MiB')
    for wire in wires:
        wire.close()


def forget_position(journal: pathlib.Path) -> None:
    """Has a mirror go on from where it was some lines before."""
    lines = list(follower.lines(journal))
    again = {'after': lines[-1]['next'], 'next': lines[len(lines) // 2]['next'], 'changes': []}
    with open(journal, 'ab') as file:
        file.write(json.dumps(again).encode() + b'\n')


def settle(run: report.Run, mirror: Mirror, newest: str) -> None:
    """Waits until a mirror has come to the end, as long as it comes nearer."""
    end, last = int(newest.rpartition('-')[2]), -1
    while last < end:
        until = time.monotonic() + SETTLE_SECONDS
        at = last
        while at == last and time.monotonic() < until:
            time.sleep(0.1)
            told = follower.position(mirror.journal).rpartition('-')[2]
            at = int(told) if told.isdigit() else last
        if at == last:
            break
        last = at
    if last >= end:
        return
    run.wrong(f'the mirror by {mirror.form} has not come to {newest}: it is at '
              f'{follower.position(mirror.journal)}')


def dumped(run: report.Run, store: pathlib.Path) -> dict[tuple[str, int], Any]:
    """The records of the account, as a dump has them."""
    lines = run.programs.done('dump', '--store', store, '--account', 1).stdout.splitlines()
    records = {}
    for line in map(json.loads, lines):
        # Files are changes of what they belong to, and what a calendar says of deleted appointments is
        # no record.
        if 'document' in line and line['resource'] not in ('attachment', 'cancellation'):
            name = follower.DUMPED.get(line['resource'], line['resource'])
            records[name, line['id']] = line['document']
    return records


def compare(run: report.Run, mirror: Mirror, dump: dict[tuple[str, int], Any]) -> int:
    """A mirror is what the dump is, and was told each change once and in order; how many they were."""
    records: dict[tuple[str, int], Any] = {}
    seen: set[tuple[int, str, int]] = set()
    last = (0, '')
    changes = (change for line in follower.lines(mirror.journal) for change in line['changes'])
    if run.plant == 'left-out':
        # The last change of some record: one that is changed again behind it would hide the fault.
        changes = list(changes)
        places = {(change['resource'], change['id']): place for place, change in enumerate(changes)
                  if 'document' in change or change['change'] == 'deleted'}
        del changes[run.random.choice(sorted(places.values())[-3:])]
    for change in changes:
        name = (change['resource'], change['id'])
        run.expect(
            (change['seq'], *name) not in seen,
            f"{mirror.form}: change {change['seq']} of {name} came twice")
        seen.add((change['seq'], *name))
        run.expect(
            change['seq'] >= last[0], f"{mirror.form}: {change['seq']} is not behind {last[0]}")
        last = (change['seq'], name[0])
        if 'document' in change:
            records[name] = change['document']
        elif change['change'] == 'deleted':
            records.pop(name, None)
    for name, document in dump.items():
        if run.expect(name in records, f'{mirror.form}: {name} is missing'):
            run.expect(
                records[name] == document,
                f'{mirror.form}: {name} differs: {str(records[name])[:300]}')
    for name in records.keys() - dump.keys():
        run.wrong(f'{mirror.form}: {name} is there still')
    return len(seen)


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
