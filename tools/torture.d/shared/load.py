"""Writers that know what was acknowledged, and whether it is there."""
import collections
import dataclasses
import threading
import time
from typing import Any, Callable, Iterator

from client import Answer, Client, Unanswered

# A writer makes a new order once in so many writes.
CREATE_EVERY = 8
# A comment is deleted once in so many times; the longest one, in characters of three bytes.
DELETE_EVERY = 3
COMMENT_LENGTH = 9_900
FIELD_LENGTH = 9_900
# Orders that are read at once.
PAGE = 1_000


@dataclasses.dataclass
class Written:
    """What is known of one order: its acknowledged text, and texts that may have replaced it."""

    acknowledged: str | None = None
    unknown: list[str] = dataclasses.field(default_factory=list)

    def may_be(self, text: str | None) -> bool:
        """Whether an order that now has this internalId lost nothing."""
        return self.acknowledged is None or text == self.acknowledged or text in self.unknown


def long_fields(count: int) -> dict[str, Any]:
    """So many fields of an order with long texts; none: nothing of them."""
    fields = [
        {'position': number, 'name': 'torture', 'content': f'{number % 10}' * FIELD_LENGTH}
        for number in range(count)]
    return {'fields': fields} if fields else {}


class Ledger:
    """All writes of a torture: orders by id, each written by one thread only.

    `on_acknowledged` is called with order and text behind each acknowledgement, and
    `statuses` counts the answers.
    """

    def __init__(self) -> None:
        self.orders: dict[int, Written] = {}
        self.count = 0
        self.acknowledged = 0
        self.unanswered = 0
        self.statuses: dict[int, int] = {}
        self.problems: dict[int, str] = {}
        self.on_acknowledged: Callable[[int, str], None] = lambda _order, _text: None
        self._lock = threading.Lock()

    def next_text(self) -> str:
        """A text that no other write has; a later one sorts behind."""
        with self._lock:
            self.count += 1
            return f'w-{self.count:09}'

    def write(
        self, client: Client, order: int, more: dict[str, Any] | None = None,
    ) -> Answer | None:
        """Writes a new text into an order, and more; None when the answer did not come."""
        text = self.next_text()
        written = self.orders.setdefault(order, Written())
        written.unknown.append(text)
        answer = self._send(lambda: client.patch(
            f'/v1/orders/{order}', {'internalId': text, **(more or {})}))
        self._settle(order, written, text, answer)
        return answer

    def create(self, client: Client) -> Answer | None:
        """Makes an order with a new text; without an answer nobody asks for it."""
        text = self.next_text()
        body = {'title': 'made under torture', 'status': 'OPEN', 'internalId': text}
        answer = self._send(lambda: client.post('/v1/orders', body))
        if answer is not None and answer.status == 201:
            order = answer.json()['id']
            written = self.orders.setdefault(order, Written())
            written.unknown.append(text)
            self._settle(order, written, text, answer)
        return answer

    def _send(self, send: Callable[[], Answer]) -> Answer | None:
        try:
            answer = send()
        except Unanswered:
            self.unanswered += 1
            return None
        with self._lock:
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            if answer.status >= 400 and answer.status not in self.problems:
                self.problems[answer.status] = answer.body.decode(errors='replace')
        return answer

    def _settle(self, order: int, written: Written, text: str, answer: Answer | None) -> None:
        if answer is None or answer.status >= 500:
            return
        if answer.status < 300:
            written.acknowledged = text
            written.unknown.clear()
            with self._lock:
                self.acknowledged += 1
            self.on_acknowledged(order, text)
        else:
            # Refused: it is certain that nothing was changed.
            written.unknown.remove(text)

    def lost(self, client: Client) -> Iterator[str]:
        """Reads every order back: a line for each that is not as it was acknowledged.

        What is found is from then on what is known.
        """
        for order, written in sorted(self.orders.items()):
            answer = client.get(f'/v1/orders/{order}')
            text = answer.json().get('internalId') if answer.status == 200 else None
            if answer.status != 200 or not written.may_be(text):
                yield (
                    f'order {order}: acknowledged {written.acknowledged}, unknown '
                    f'{written.unknown}, now {answer.status} with {text}')
            self.orders[order] = Written(text)


    def twice(self, client: Client) -> Iterator[str]:
        """Reads all orders: a line for each text that is in more than one of them."""
        texts: collections.Counter[str] = collections.Counter()
        offset, orders = 0, [{}]
        while orders:
            orders = client.get(f'/v1/orders?limit={PAGE}&offset={offset}').json()
            offset += PAGE
            texts.update(order.get('internalId', '') for order in orders)
        for text, count in texts.items():
            if count > 1 and text.startswith('w-'):
                yield f'{text} is in {count} orders'


class Comments:
    """One order and the comments that a thread adds to it, long ones: the order is stored in pieces."""

    def __init__(self, client: Client) -> None:
        self.order = client.post('/v1/orders', {'title': 'commented under torture'}).json()['id']
        self.count = 0
        self.acknowledged: dict[int, str] = {}
        self.unknown: set[str] = set()
        self._deleting: int | None = None

    def write(self, client: Client) -> None:
        """Adds a comment, or deletes an old one once in so many times."""
        self.count += 1
        if self.count % DELETE_EVERY == 0 and self.acknowledged:
            self._deleting = min(self.acknowledged)
            path = f'/v1/orders/{self.order}/comments/{self._deleting}'
            if client.request('DELETE', path).status == 200:
                del self.acknowledged[self._deleting]
            self._deleting = None
            return
        text = f'c-{self.count:09} ' + '€' * (self.count * 997 % COMMENT_LENGTH)
        self.unknown.add(text)
        answer = client.post(
            f'/v1/orders/{self.order}/comments', {'text': text, 'authorName': 'torture'})
        if answer.status == 201:
            self.acknowledged[answer.json()['id']] = text
            self.unknown.discard(text)

    def lost(self, client: Client) -> Iterator[str]:
        """Reads the order back: a line for each comment that is not as it was acknowledged."""
        answer = client.get(f'/v1/orders/{self.order}')
        if answer.status != 200:
            yield f'order {self.order}: {answer.status}'
            return
        found = {one['id']: one['text'] for one in answer.json()['comments']}
        if self._deleting is not None and self._deleting not in found:
            del self.acknowledged[self._deleting]
        self._deleting = None
        for comment, text in self.acknowledged.items():
            if found.get(comment) != text:
                yield f'order {self.order}: comment {comment} is not what was acknowledged'
        for comment in found.keys() - self.acknowledged.keys():
            if found[comment] not in self.unknown:
                yield f'order {self.order}: comment {comment} was deleted, or nobody wrote it'
        self.acknowledged = found
        self.unknown.clear()


class Commenter:
    """A thread that comments an order without a pause."""

    def __init__(self, comments: Comments, client: Client) -> None:
        self.comments = comments
        self.client = client
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> 'Commenter':
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def _work(self) -> None:
        while not self.ended.is_set():
            try:
                self.comments.write(self.client)
            except Unanswered:
                time.sleep(0.002)


class Writers:
    """Threads that write without a pause, or with one in seconds, each into its own order and new ones.

    The first of them gives its order so many fields with long texts, too.
    """

    def __init__(
        self, ledger: Ledger, client: Client, threads: int, first_order: int = 1,
        pause: float = 0, fields: int = 0,
    ) -> None:
        self.pause = pause
        self.ledger = ledger
        self.client = client
        self.ended = threading.Event()
        self.threads = [
            threading.Thread(
                target=self._work, args=(first_order + index, 0 if index else fields), daemon=True)
            for index in range(threads)]

    def __enter__(self) -> 'Writers':
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def _work(self, order: int, fields: int) -> None:
        while not self.ended.is_set():
            if (self.ledger.count + order) % CREATE_EVERY == 0:
                answer = self.ledger.create(self.client)
            else:
                answer = self.ledger.write(self.client, order, long_fields(fields))
            if answer is None:
                # The server is gone: a loop would take the time of the one that starts again.
                time.sleep(0.002)
            if self.pause:
                self.ended.wait(self.pause)
