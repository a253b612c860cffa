"""Every operation with own, other, revoked, missing and malformed keys: does anything leak?

Account 1 has many records, account 2 few. Each operation of openapi.json is asked for records of
account 1 with every kind of key. What another key is told must be, byte for byte, what it is told
of records that exist nowhere. The records of account 1 must stay as they are, and its writes must
change no answer that account 2 gets.
"""
import json
import re
from typing import Iterator

import client
import operations
import relay
import report
from operations import Operation, Request

NUMBERS = [
    report.Number('records', 12, 60, 'records of each kind that account 1 gets besides the sample'),
    report.Number('rounds', 1, 5, 'how often all operations are asked, with other texts'),
]
PLANTS = {
    'wrong-account': "the other account's key is one of account 1",
    'not-revoked': 'the revoked key is not revoked',
    'forbidden': 'some records of account 1 are answered with 403 instead of 404',
}
# What has to be said of them.
FINDINGS = {
    'wrong-account': 'after writes of account 1', 'not-revoked': 'revoked key',
    'forbidden': ': 403 ',
}
ORDERS = 150
OWNER, OTHER = 1, 2
# Fields that an answer without a valid key may have.
PLAIN_FIELDS = {'content-type', 'content-length', 'www-authenticate', 'allow', 'cache-control'}
ADMIN_PATHS = ['/livez', '/readyz', '/admin/stat', '/admin/readers', '/admin/keys', '/admin/load',
               '/metrics', '/']
SHORTEST_SECRET = 6


class Isolation:
    """One relayd, the accounts, and what account 1 keeps to itself."""

    def __init__(self, run: report.Run) -> None:
        self.run = run
        self.store = run.place / 'store'
        run.programs.sample(self.store, ORDERS, accounts=2, seed=run.seed)
        self.owner_key = self.key(OWNER)
        self.server = relay.Relayd(run.programs, self.store)
        self.owner = self.server.client(self.owner_key)
        account = OWNER if run.plant == 'wrong-account' else OTHER
        self.other = self.server.client(self.key(account))
        self.description = self.server.client(None).get('/openapi.json').body.decode()
        self.operations = operations.read(json.loads(self.description))
        # Ids by the names of parameters: of records of account 1, of account 2, and of none.
        self.ids: dict[str, str] = {}
        self.other_ids: dict[str, str] = {}
        self.ghosts: dict[str, str] = {}
        self.secrets: set[str] = set()
        # Answers that were searched for secrets.
        self.looked_at: set[str] = set()
        self.asked = 0
        self.compared = 0

    def key(self, account: int) -> str:
        """A new key."""
        return self.run.programs.key(self.store, account)

    def ask(self, by: client.Client, request: Request) -> client.Answer:
        """Sends a request."""
        self.asked += 1
        return by.request(request.method, request.path, request.body, request.headers)

    # MARK: Records

    def populate(self, by: client.Client, ids: dict[str, str], stamp: str, count: int) -> None:
        """Performs every POST of the description, and notes the ids that come back."""
        ids.setdefault('commentId', '1')
        for number in range(count):
            for operation in self.operations:
                if operation.method != 'POST':
                    continue
                request = operation.request(ids, f'{stamp}{number}', {
                    'Idempotency-Key': f'{operation.name}-{stamp}{number}'})
                answer = self.ask(by, request)
                if answer.status >= 300:
                    raise report.Stop(
                        f'{operation.name} is answered with {answer.status}: {answer.body!r}')
                made = operations.first_id(answer)
                if operation.makes and made:
                    ids[operation.makes] = made

    def find_ghosts(self) -> None:
        """Ids of as many digits that nobody has."""
        self.ghosts = {name: '9' * len(value) for name, value in self.ids.items()}
        for name, ghost in self.ghosts.items():
            if int(ghost) <= int(self.ids[name]) or int(self.other_ids[name]) >= int(
                    self.ids[name]):
                raise report.Stop(f'the accounts have too many or too few records: {name}')

    def find_secrets(self) -> None:
        """Texts that only records of account 1 have."""
        texts: dict[int, set[str]] = {OWNER: set(), OTHER: set()}
        for line in self.dump():
            record = json.loads(line)
            if 'account' in record:
                texts[record['account']].update(operations.texts(record.get('document')))
        # Also not as a part of a text: account 2 may have an order in "Tiefgarage, Stellplatz 4".
        known = '\n'.join([self.description, *texts[OTHER]])
        self.secrets = {
            text for text in texts[OWNER] if len(text) >= SHORTEST_SECRET and text not in known}
        if len(self.secrets) < ORDERS:
            raise report.Stop(f'only {len(self.secrets)} secrets')

    def dump(self, account: int | None = None) -> list[str]:
        """The lines of a dump, of one account or all."""
        path = self.run.place / 'dump.jsonl'
        path.unlink(missing_ok=True)
        self.run.programs.done('dump', '--store', self.store, '--to', path)
        lines = path.read_text().splitlines()
        return [line for line in lines if account is None or f'"account":{account},' in line]

    # MARK: Checks

    def check_leak(self, what: str, request: Request, answer: client.Answer) -> None:
        """No text of account 1 may be in an answer, but what the request itself had."""
        shown = f"{answer.headers} {answer.body.decode(errors='replace')}"
        if shown in self.looked_at:
            return
        self.looked_at.add(shown)
        # What account 2 has sent is no secret any more.
        sent = f"{request.path} {json.dumps(request.headers)} {operations.sent_text(request)}"
        self.secrets = {secret for secret in self.secrets if secret not in sent}
        found = sorted(secret for secret in self.secrets if secret in shown)
        self.run.expect(not found, f'{what} {request.method} {request.path} tells {found[:3]}')
        self.run.expect(
            'idempotency-replayed' not in answer.headers,
            f'{what} {request.method} {request.path} replays the answer of account 1')

    def compare(
        self, what: str, by: client.Client, real: Request, ghost: Request, names: set[str],
    ) -> None:
        """The answer about records of account 1 (`names` are the ids) is that about none."""
        first = self.planted(self.ask(by, real), real)
        self.check_leak(what, real, first)
        if not names and real.method != 'GET':
            return
        second = self.ask(by, ghost)
        self.compared += 1
        if (first.status, first.headers, first.body) == (
                second.status, second.headers, second.body):
            return
        told = operations.plain(first, {self.ids[name] for name in names})
        expected = operations.plain(second, {self.ghosts[name] for name in names})
        self.run.expect(
            told == expected, f'{what} {real.method} {real.path} with {real.body!r}: {told[:300]}, '
            f'but of a record that is not there: {expected[:300]}')

    def planted(self, answer: client.Answer, request: Request) -> client.Answer:
        """The answer, unless a fault is planted."""
        if self.run.plant == 'forbidden' and answer.status == 404 and '/orders/' in request.path:
            return client.Answer(403, answer.headers, answer.body)
        return answer

    def check_own(self, stamp: str) -> None:
        """With its own key each request succeeds: the others are refused for their key alone."""
        for operation in self.operations:
            request = operation.request(self.ids, stamp, {}, dry=True)
            answer = self.ask(self.owner, request)
            self.run.expect(
                answer.status < 300 or answer.status == 409 and operation.method == 'DELETE',
                f'own key: {operation.name} is answered with {answer.status}: {answer.body!r}')

    def check_other(self, stamp: str) -> None:
        """The key of account 2, for each reference alone and all together."""
        for operation in self.operations:
            for real, ghost, chosen in self.pairs(operation, stamp):
                self.compare('other key:', self.other, real, ghost, chosen)

    def pairs(
        self, operation: Operation, stamp: str,
    ) -> Iterator[tuple[Request, Request, set[str]]]:
        """Requests for records of account 1, each with its like for a record of nobody."""
        names = operation.references
        choices = [names] if len(names) < 2 else [names, *({name} for name in names)]
        tag = self.tag(operation)
        for number, chosen in enumerate(choices):
            real = {**self.other_ids, **{name: self.ids[name] for name in chosen}}
            ghost = {**self.other_ids, **{name: self.ghosts[name] for name in chosen}}
            # The very request that account 1 had sent: its first answer must not come again.
            replay = {'Idempotency-Key': f'{operation.name}-owner0'}
            for extra in ({}, replay, {'If-None-Match': tag}, {'If-Match': tag}):
                # A batch is answered with 200 whatever is in it: account 2 has used the key, then.
                is_used = operation.name == 'consumeEedBatch' and number > 0
                if 'Idempotency-Key' in extra and (operation.method != 'POST' or is_used):
                    continue
                fresh = 'owner0' if 'Idempotency-Key' in extra else f'{stamp}{number}'
                yield (operation.request(real, fresh, extra, filters=frozenset(chosen)),
                       operation.request(ghost, fresh, self.another(extra, f'{stamp}{number}'),
                                         filters=frozenset(chosen)), chosen)

    @staticmethod
    def another(headers: dict[str, str], stamp: str) -> dict[str, str]:
        """The same fields, with an Idempotency-Key that nobody used."""
        return {name: f'{value}-{stamp}' if name == 'Idempotency-Key' else value
                for name, value in headers.items()}

    def tag(self, operation: Operation) -> str:
        """The ETag that account 1 is shown."""
        if not operation.has_get:
            return '*'
        answer = self.ask(self.owner, operation.request(self.ids, '', {}, method='GET'))
        return answer.headers.get('etag', '*')

    def check_bad_keys(self, fields: dict[str, dict[str, str]], stamp: str) -> None:
        """Without a valid key every operation that needs one is 401, whatever it asks for."""
        nobody = self.server.client(None)
        for what, authorization in fields.items():
            for operation in self.operations:
                real = operation.request(self.ids, stamp, authorization)
                ghost = operation.request(self.ghosts, stamp, authorization)
                self.compare(f'{what}:', nobody, real, ghost, operation.references)
                if operation.is_public:
                    continue
                answer = self.ask(nobody, real)
                self.run.expect(
                    answer.status in (400, 401) and set(answer.headers) <= PLAIN_FIELDS,
                    f'{what}: {real.method} {real.path} is answered with {answer.status} and '
                    f'{sorted(set(answer.headers) - PLAIN_FIELDS)}')

    def check_cursors(self) -> None:
        """A cursor of account 1 shows account 2 nothing of it."""
        for operation in self.operations:
            if operation.method != 'GET' or 'cursor' not in operation.parameters:
                continue
            page = self.ask(self.owner, operation.request(self.ids, '', {}, limit=1))
            match = re.search(r'cursor=([^>&]*)', page.headers.get('link', ''))
            if match is None:
                continue
            request = operation.request(self.other_ids, '', {}, cursor=match[1])
            answer = self.ask(self.other, request)
            self.check_leak('cursor of account 1:', request, answer)
            own = self.ask(self.other, operation.request(self.other_ids, '', {}))
            for answer in (answer, own):
                total = int(answer.headers.get('x-total-count', 0))
                self.run.expect(
                    total < int(page.headers['x-total-count']),
                    f'{operation.name} counts {total} records for account 2')

    def check_other_paths(self) -> None:
        """Methods and paths that the description does not have tell nothing either."""
        for path in ADMIN_PATHS:
            for by in (self.owner, self.other, self.server.client(None)):
                request = Request('GET', path, None, {})
                answer = self.ask(by, request)
                self.run.expect(answer.status in (401, 404), f'{path} is {answer.status}')
                self.check_leak('a path of the admin socket:', request, answer)
        for operation in self.operations:
            for method in ('HEAD', 'OPTIONS', 'DELETE', 'PUT'):
                if (operation.path, method) in {(o.path, o.method) for o in self.operations}:
                    continue
                self.compare(
                    'other key:', self.other, operation.request(self.ids, '', {}, method=method),
                    operation.request(self.ghosts, '', {}, method=method),
                    operation.references)

    def view(self) -> dict[str, str]:
        """All that account 2 can read of its own, with every field."""
        result = {}
        for operation in self.operations:
            if operation.method == 'GET':
                answer = self.ask(self.other, operation.request(self.other_ids, '', {}))
                # Positions count the changes of all accounts: they are all that may differ.
                answer.headers.pop('relay-seq', None)
                if operation.name == 'getChanges':
                    answer.headers.pop('etag', None)
                    answer.body = re.sub(rb'[0-9a-f]{16}-[0-9.]+', b'', answer.body)
                result[operation.name] = f'{answer.status} {answer.headers} {answer.body!r}'
        return result


def bad_keys(isolation: Isolation) -> dict[str, dict[str, str]]:
    """Authorization fields that let nobody in. A key is revoked after it was used."""
    run, store = isolation.run, isolation.store
    key = isolation.owner_key
    made = json.loads(run.programs.done(
        'keys', 'create', '--store', store, '--account', OWNER, '--json').stdout)
    known = isolation.server.client(made['key'])
    run.expect(known.get('/v1/orders?limit=1').status == 200, 'a new key is not let in')
    if run.plant != 'not-revoked':
        run.programs.done('keys', 'revoke', '--store', store, made['id'])
    run.expect(
        known.get('/v1/orders?limit=1').status == 401,
        'a revoked key is let in on a connection that was open')
    elsewhere = run.place / 'elsewhere'
    run.programs.sample(elsewhere, 1)
    changed = key[:-1] + ('a' if key[-1] != 'a' else 'b')
    tokens = {
        'revoked key': made['key'], 'key of another store': run.programs.key(elsewhere),
        'changed key': changed, 'short key': key[:-4], 'long key': f'{key}aaaa',
        'upper-case key': key.upper(), 'key without prefix': key.partition('_')[2],
        'two keys': f'{key} {key}', 'quoted key': f'"{key}"'}
    fields = {what: {'authorization': f'Bearer {token}'} for what, token in tokens.items()}
    fields['missing key'] = {}
    fields['Basic'] = {'authorization': f'Basic {key}'}
    fields['empty key'] = {'authorization': 'Bearer'}
    fields['no scheme'] = {'authorization': key}
    fields['other fields'] = {'x-api-key': key, 'cookie': f'key={key}', 'proxy-authorization': key}
    return fields


def check_noninterference(isolation: Isolation) -> None:
    """Writes of account 1 change nothing of what account 2 reads, its tags and counts included."""
    before = isolation.view()
    isolation.populate(isolation.owner, isolation.ids, 'more', 2)
    after = isolation.view()
    for name, answer in before.items():
        isolation.run.expect(
            answer == after[name], f'after writes of account 1 {name} answers account 2 with '
            f'{after[name][:300]}, before with {answer[:300]}')


def torture(run: report.Run) -> None:
    """Populates the accounts, asks everything, and looks whether account 1 is as before."""
    isolation = Isolation(run)
    isolation.populate(isolation.owner, isolation.ids, 'owner', run.number('records'))
    isolation.populate(isolation.other, isolation.other_ids, 'other', 2)
    check_noninterference(isolation)
    isolation.find_ghosts()
    isolation.find_secrets()
    fields = bad_keys(isolation)
    before = isolation.dump(OWNER)
    run.step(f'{len(isolation.operations)} operations, {len(isolation.secrets)} texts of account 1')
    for number in range(run.number('rounds')):
        isolation.check_own(f'own{number}')
        isolation.check_other(f'foreign{number}')
        isolation.check_bad_keys(fields, f'bad{number}')
        isolation.check_cursors()
        isolation.check_other_paths()
    run.expect(isolation.dump(OWNER) == before, 'records of account 1 changed')
    code = isolation.server.stop()
    run.expect(code == 0, f'relayd ended with {code}')
    run.summary = (
        f'{len(isolation.operations)} operations x {len(fields) + 2} kinds of keys, '
        f'{isolation.asked} requests, {isolation.compared} pairs told the same')


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
