"""Writers over several hosts, and the books that they keep of what they were told."""
import collections
import dataclasses
import random
import threading
import time
from typing import Any, Iterator, Mapping

import client
import hosts
import report

# Chances of what a writer does next: a comment with a file, a new order; else it counts up.
COMMENT, CREATE = 0.15, 0.35
# Writes that are given up after an answer that says nothing, and those that are sent once more after a good one.
GIVEN_UP, AGAIN = 0.1, 0.1
# The largest file: a few chunks.
FILE_BYTES = 200_000
# Seconds in which a host that nobody disturbs answers anything: 15 s until the end of a write is said to be
# unknown, and some for a busy machine. A read takes less.
ANSWER_SECONDS, READ_SECONDS = 18, 5
PAGE = 1_000
REST_SECONDS = 0.05


@dataclasses.dataclass
class Thing:
    """Something that was asked for once, under a text that nothing else has."""

    text: str
    # What is known: None as long as no answer came, then whether it may be there and whether it is.
    is_acknowledged: bool = False
    may_be: bool = False
    number: int = 0
    file: bytes = b''


@dataclasses.dataclass
class Book:
    """What one writer knows. It writes to an order of its own, and makes others."""

    order: int = 0
    tag: str = ''
    count: int = 0
    # Another one may be carried out, or was.
    may_be_more: bool = False
    orders: list[Thing] = dataclasses.field(default_factory=list)
    comments: list[Thing] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Figures:
    """What all writers and readers counted."""

    acknowledged: int = 0
    unknown: int = 0
    refused: int = 0
    unanswered: int = 0
    replayed: int = 0
    reads: int = 0
    slowest: float = 0
    read_times: list[float] = dataclasses.field(default_factory=list)
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def add(self, name: str, count: int = 1) -> None:
        """Counts."""
        with self.lock:
            setattr(self, name, getattr(self, name) + count)

    def p99(self) -> float:
        """Of the reads, in seconds."""
        times = sorted(self.read_times)
        return times[len(times) * 99 // 100] if times else 0


class Asker(threading.Thread):
    """A thread that asks until it is told to end."""

    def __init__(self, load: 'Load', name: str) -> None:
        super().__init__(daemon=True)
        self.load = load
        self.name = name
        self.random = random.Random(f'{load.run.seed} {load.stamp} {name}')
        # A client of each host, and which start of it that client has a connection to.
        self.clients: dict[str, tuple[float, client.Client]] = {}

    def run(self) -> None:
        """Asks."""
        try:
            self.begin()
            while not self.load.ended.is_set():
                self.perform()
        except report.Stop:
            pass
        except Exception as error:  # noqa: BLE001  (said by the torture)
            self.load.run.broken.append(f'{self.name}: {error!r}')

    def begin(self) -> None:
        """What comes first."""

    def perform(self) -> None:
        """One thing."""
        raise NotImplementedError

    def ask(
        self, host: hosts.Host, method: str, path: str, body: Any = None,
        headers: Mapping[str, str] | None = None, seconds: float = ANSWER_SECONDS,
    ) -> client.Answer | None:
        """One request: None when nothing came, which only a host may do that was killed or stands still."""
        disturbed, asking = self.clients.get(host.name, (None, None))
        if asking is None or disturbed != host.disturbed:
            disturbed, asking = host.disturbed, client.Client(host.socket, host.key)
            self.clients[host.name] = disturbed, asking
        begun = time.monotonic()
        problem = ''
        answer = None
        try:
            answer = asking.request(method, path, body, headers)
            self.refused = False
        except client.Unanswered as reason:
            problem, self.refused = str(reason), reason.refused
        took = time.monotonic() - begun
        if host.disturbed < begun:
            self.load.figures.slowest = max(self.load.figures.slowest, took)
            self.load.told(
                answer is not None,
                f'host {host.name} does not answer {method} {path}: {problem}, after {took:.1f} s')
            self.load.told(
                took <= seconds, f'host {host.name} takes {took:.1f} s for {method} {path}: '
                f'{answer and answer.status}')
        return answer


class Writer(Asker):
    """Makes orders, comments its own with files, and counts in it, on any host."""

    def __init__(self, load: 'Load', number: int) -> None:
        super().__init__(load, f'writer {number}')
        self.number = number
        self.book = Book()
        self.texts = 0
        self.refused = False

    def text(self) -> str:
        """A text that nobody else uses."""
        self.texts += 1
        return f'{self.load.stamp}-{self.number}-{self.texts}'

    def begin(self) -> None:
        """An order of its own."""
        made = Thing(self.text())
        answer = self.carry(made, 'POST', '/v1/orders', {'title': made.text}, patient=True)
        self.book.orders.append(made)
        if answer is not None and answer.status == 201:
            self.book.order, self.book.tag = made.number, answer.headers['etag']

    def perform(self) -> None:
        """One write, chosen at random."""
        chance = self.random.random()
        if not self.book.order:
            self.begin()
        elif chance < COMMENT:
            self.comment()
        elif chance < COMMENT + CREATE:
            made = Thing(self.text())
            self.book.orders.append(made)
            self.carry(made, 'POST', '/v1/orders', {'title': made.text})
        else:
            self.count()

    def comment(self) -> None:
        """Comments the own order, with a file."""
        made = Thing(self.text(), file=self.random.randbytes(self.random.randint(1, FILE_BYTES)))
        self.book.comments.append(made)
        form = b''.join(
            b'--torture-form\r\ncontent-disposition: form-data; name="%s"\r\n\r\n%s\r\n' % member
            for member in ((b'text', made.text.encode()), (b'authorName', b'torture')))
        form += (
            b'--torture-form\r\ncontent-disposition: form-data; name="files"; filename="file"\r\n'
            b'content-type: text/plain\r\n\r\n' + made.file + b'\r\n--torture-form--\r\n')
        path = f'/v1/orders/{self.book.order}/comments'
        answer = self.carry(
            made, 'POST', path, form, {'content-type': 'multipart/form-data; boundary=torture-form'})
        if answer is not None and answer.status == 201:
            # It makes a version of the order, which no answer tells.
            self.book.tag = ''
        elif made.may_be:
            self.book.tag = ''

    def count(self) -> None:
        """Puts the next number into the own order, if that is as it was left."""
        book = self.book
        if book.may_be_more or not book.tag:
            self.look()
            return
        sent = Thing(f'{book.order}.{book.count + 1}')
        book.may_be_more = True
        answer = self.carry(
            sent, 'PATCH', f'/v1/orders/{book.order}', {'internalId': sent.text},
            {'If-Match': book.tag})
        if answer is None:
            book.may_be_more = sent.may_be
            return
        book.may_be_more = False
        # Repeated because its end was unknown, it finds what it has made.
        if answer.status == 200 or (answer.status == 412 and sent.may_be):
            book.count += 1
            book.tag = answer.headers['etag']
        else:
            self.load.told(False, f'PATCH of {sent.text} is answered with {answer.status}: {answer.body!r}')

    def look(self) -> None:
        """Learns the version of the own order, by a write that changes nothing but the version."""
        book = self.book
        sent = Thing(self.text())
        answer = self.carry(
            sent, 'PATCH', f'/v1/orders/{book.order}', {'description': sent.text})
        if answer is None or answer.status != 200:
            book.tag = ''
            return
        book.tag = answer.headers['etag']
        if book.may_be_more:
            # What had no end may come yet, but not behind this version: its If-Match is another one.
            host = self.answered_by
            found = self.ask(host, 'GET', f'/v1/orders/{book.order}', seconds=READ_SECONDS)
            if found is None or found.status != 200 or found.headers['etag'] != book.tag:
                book.tag = ''
                return
            book.count = self.load.counted(found.json(), book)
            book.may_be_more = False

    def carry(
        self, thing: Thing, method: str, path: str, body: Any,
        headers: Mapping[str, str] | None = None, patient: bool = False,
    ) -> client.Answer | None:
        """Sends it until it is carried out, to any host; None when it is given up."""
        fields = dict(headers or {})
        figures = self.load.figures
        while True:
            if method == 'POST':
                key = self.text() if self.load.is_forgetful else thing.text
                fields['Idempotency-Key'] = f'"{key}"'
            host = self.answered_by = self.random.choice(self.load.cluster.hosts)
            answer = self.ask(host, method, path, body, fields)
            problem = hosts.message(answer) if answer is not None and answer.status >= 400 else ''
            if answer is None:
                thing.may_be |= not self.refused
                figures.add('unanswered')
            elif problem == 'outcome-unknown':
                thing.may_be = True
                figures.add('unknown')
            elif problem == 'unavailable':
                figures.add('refused')
            elif answer.status not in (404, 409):
                break
            if self.load.ended.is_set() or (not patient and self.random.random() < GIVEN_UP):
                return None
            time.sleep(REST_SECONDS)
        if method != 'POST':
            figures.add('acknowledged')
            return answer
        if not self.load.told(
                answer.status == 201, f'{method} {path} is answered with {answer.status}: {answer.body!r}'):
            return None
        thing.is_acknowledged, thing.number = True, answer.json()['id']
        figures.add('acknowledged')
        if 'idempotency-replayed' in answer.headers:
            figures.add('replayed')
        if self.random.random() < AGAIN:
            self.repeat(thing, path, body, fields)
        return answer

    def repeat(self, thing: Thing, path: str, body: Any, fields: dict[str, str]) -> None:
        """Sends once more what is done, to any host: it is not done again."""
        if self.load.is_forgetful:
            fields['Idempotency-Key'] = f'"{self.text()}"'
        host = self.random.choice(self.load.cluster.hosts)
        answer = self.ask(host, 'POST', path, body, fields)
        if answer is not None and answer.status == 201:
            self.load.figures.add('replayed', 'idempotency-replayed' in answer.headers)
            self.load.told(
                answer.json()['id'] == thing.number,
                f"{thing.text} is made twice: it is {thing.number}, and on host {host.name} "
                f"{answer.json()['id']}")


class Reader(Asker):
    """Reads on one host, which is to answer whatever becomes of the others and of the engine."""

    def __init__(self, load: 'Load', host: hosts.Host) -> None:
        super().__init__(load, f'reader of {host.name}')
        self.host = host
        self.seen: dict[int, int] = {}
        self.refused = False

    def perform(self) -> None:
        """One read: never of an older state than the one before."""
        book = self.random.choice(self.load.writers).book
        if not book.order:
            time.sleep(REST_SECONDS)
            return
        begun = time.monotonic()
        answer = self.ask(self.host, 'GET', f'/v1/orders/{book.order}', seconds=READ_SECONDS)
        if answer is None:
            time.sleep(REST_SECONDS)
            return
        if self.host.disturbed < begun:
            self.load.figures.read_times.append(time.monotonic() - begun)
        # A host may not have applied yet what another one has.
        if answer.status == 404 and book.order not in self.seen:
            return
        if not self.load.told(
                answer.status == 200, f'host {self.host.name} answers a read with {answer.status}: {answer.body!r}'):
            return
        count = self.load.counted(answer.json(), book)
        self.load.told(
            count >= self.seen.get(book.order, 0),
            f'host {self.host.name} shows {count} of order {book.order}, and had shown {self.seen.get(book.order)}')
        self.seen[book.order] = count
        self.load.figures.add('reads')
        time.sleep(0.002)


class Load:
    """Writers over all hosts and a reader on each, for a while."""

    def __init__(self, cluster: hosts.Cluster, threads: int, stamp: str, figures: Figures) -> None:
        self.cluster = cluster
        self.run = cluster.run
        self.stamp = stamp
        self.figures = figures
        self.ended = threading.Event()
        # Planted: repetitions go without the key of the first.
        self.is_forgetful = self.run.plant == 'twice'
        self.writers = [Writer(self, number) for number in range(threads)]
        self.readers = [Reader(self, host) for host in cluster.hosts]
        self.problems: list[str] = []

    def __enter__(self) -> 'Load':
        for thread in [*self.writers, *self.readers]:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in [*self.writers, *self.readers]:
            thread.join(2 * client.REQUEST_SECONDS)

    def told(self, holds: bool, text: str) -> bool:
        """Notes what a thread finds wrong; `say` says it."""
        if not holds:
            self.problems.append(text)
        return holds

    def say(self) -> None:
        """Says what the threads found wrong."""
        for text in self.problems:
            self.run.wrong(text)
        self.problems.clear()
        hanging = [one.name for one in [*self.writers, *self.readers] if one.is_alive()]
        if self.ended.is_set():
            self.run.expect(not hanging, f'these hang: {hanging}')

    @staticmethod
    def counted(order: Mapping[str, Any], book: Book) -> int:
        """Up to where an order is counted."""
        return int(order.get('internalId', f'{book.order}.0').rpartition('.')[2])

    # MARK: Afterwards

    def wrong(self, host: hosts.Host) -> Iterator[str]:
        """Reads all of it back: a line for each that is not as it was told."""
        asking, found = host.asking, collections.Counter[str]()
        numbers: dict[str, int] = {}
        orders: list[dict[str, Any]] = [{}]
        offset = 0
        while orders:
            orders = asking.get(f'/v1/orders?limit={PAGE}&offset={offset}').json()
            offset += PAGE
            found.update(order['title'] for order in orders)
            numbers.update((order['title'], order['id']) for order in orders)
        for writer in self.writers:
            yield from wrong_counts(writer.book.orders, found, numbers, 'order')
            if writer.book.order:
                yield from self.wrong_order(asking, writer.book)

    def wrong_order(self, asking: client.Client, book: Book) -> Iterator[str]:
        """The same for one writer's own order: its number, its comments, their files."""
        shown = asking.get(f'/v1/orders/{book.order}')
        if shown.status != 200:
            yield f'order {book.order} is not there: {shown.status}'
            return
        order = shown.json()
        count = self.counted(order, book)
        if not book.count <= count <= book.count + book.may_be_more:
            yield f'order {book.order} is counted up to {count}, and {book.count} were acknowledged'
        comments = {comment['text']: comment for comment in order['comments']}
        found = collections.Counter(comment['text'] for comment in order['comments'])
        numbers = {text: comment['id'] for text, comment in comments.items()}
        yield from wrong_counts(book.comments, found, numbers, 'comment')
        for made in book.comments:
            if made.text in comments:
                files = comments[made.text]['attachments']
                bodies = [asking.get(f"/v1/attachments/{one['id']}").body for one in files]
                if bodies != [made.file]:
                    yield f'the file of comment {made.text} is another one: {[len(one) for one in bodies]}'


def wrong_counts(
    things: list[Thing], found: Mapping[str, int], numbers: Mapping[str, int], what: str,
) -> Iterator[str]:
    """Lines for what is there too often or not at all."""
    for made in things:
        count = found.get(made.text, 0)
        if count > 1:
            yield f'{what} {made.text} is there {count} times'
        elif made.is_acknowledged and count == 0:
            yield f'{what} {made.text} was acknowledged and is not there'
        elif made.is_acknowledged and numbers[made.text] != made.number:
            yield f'{what} {made.text} is {numbers[made.text]}, and was acknowledged as {made.number}'
        elif count == 1 and not made.is_acknowledged and not made.may_be:
            yield f'{what} {made.text} is there, and was answered as not carried out'

