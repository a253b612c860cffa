"""Writes through a log that hosts share, beside what its engine does alone; and how a host joins."""
import base64
import json
import os
import pathlib
import re
import shutil
import statistics
import struct
import subprocess
import sys
import time

import loads
import servers

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'torture.d' / 'shared'))
import engine  # noqa: E402  (the engine is that of the tortures)

SECONDS = 4  # of a round
# How many changes are under way at once, and h2load's connections and streams for them.
UNDER_WAY = {1: (1, 1), 64: (8, 8), 512: (16, 32)}
ROWS = 20_000
LOG = 'orders'
MESSAGES_UNDER_WAY = 8  # as relayd has at most
CHUNKS_UNDER_WAY = 4  # and as one load has
PATCH = {'internalId': 'A-4711'}
SAMPLED = 200  # messages of a round that the engine is given alone
ORDER = {'title': 'x' * 40, 'fields': [{'name': f'n{n}', 'content': 'c' * 110, 'position': n} for n in range(8)]}
REQUESTS = {'change': ('PATCH', PATCH), 'order': ('POST', ORDER)}

# Cores, as taskset wants them. A host and the servers have machines of their own in a cluster: here each side has
# one half of the cores, in the runs without relayd, too.
CORES = os.cpu_count()
SERVER_CORES = f'0-{max(0, CORES // 2 - 1)}'
HOST_CORES = f'{CORES // 2}-{CORES - 1}'


def print_table(setup, options):
    place = setup.work / 'engine'
    shutil.rmtree(place, ignore_errors=True)
    with engine.Engine(place, within=[pinned(SERVER_CORES)] * engine.SERVERS) as made:
        made.wait()
        print_writes(setup, options, made)
        print_joining(setup, made)
    shutil.rmtree(place, ignore_errors=True)


def pinned(cores):
    """The beginning of a command that keeps to some cores."""
    return ['taskset', '-c', cores]


# MARK: Writes

def print_writes(setup, options, made):
    """Writes a second of one relayd, alone and with a log in three servers, and of the engine alone."""
    print(f'Writes of one record a request, each durable before it is answered; a second, medians of '
          f'{options.rounds} rounds in turns.\n"shared" has a log in three servers that sync each message, all on '
          f'this machine: on cores {SERVER_CORES}, relayd and its\nclient on {HOST_CORES}. "engine" is the same '
          f'messages, as many under way, without relayd: in brackets shared : engine.\nLoad of the machine '
          f'before: {os.getloadavg()[0]:.1f}.\n')
    alone = start(setup, setup.copy('shared-alone'))
    store = setup.copy('shared')
    begin_log(setup, made, store, LOG)
    shared = start(setup, store, joined(made, LOG))
    alone_engine = Alone(setup, made)
    print(f'{"":8}{"under way":>10}{"alone":>8}{"shared":>9}{"engine":>9}{"":8}{"in a message":>14}{"bytes":>8}'
          f'{"mean ms":>9}{"of the engine":>15}{"µs CPU a write":>16}')
    try:
        for name, request in REQUESTS.items():
            for count in UNDER_WAY:
                rounds = [one_round(setup, count, request, alone, shared, alone_engine)
                          for _ in range(options.rounds)]
                print(f'{name:8}{row(count, rounds)}', flush=True)
        print_load(setup, options, alone, shared, alone_engine)
    finally:
        for server in (alone, shared):
            server.stop()
    print(flush=True)


def one_round(setup, count, request, alone, shared, alone_engine):
    """What each of the three does in its turn."""
    result = {'alone': write(setup, alone, count, *request) / SECONDS}
    before, cpu = log_figures(setup, shared), shared.cpu_microseconds()
    written = write(setup, shared, count, *request)
    after = log_figures(setup, shared)
    sent = after['sent'] - before['sent']
    result['cpu'] = (shared.cpu_microseconds() - cpu) / written
    result['group'] = written / sent
    result['bytes'] = (after['bytes'] - before['bytes']) / sent
    result['shared'] = written / SECONDS
    result['mean'] = 1e3 * count / result['shared']
    result['answer'] = ((after['times']['sum'] - before['times']['sum']) / 1e3
                        / (after['times']['count'] - before['times']['count']))
    messages = alone_engine.sampled(before['sequence'] + 1, after['sequence'])
    result['engine'] = alone_engine.run(messages, min(count, MESSAGES_UNDER_WAY)) * result['group']
    return result


def print_load(setup, options, alone, shared, alone_engine):
    """MB of messages a second while a dump is loaded, and of the engine with the same messages."""
    dump = setup.work / 'shared-dump.jsonl'
    done(setup, 'dump', '--store', str(setup.store), '--to', str(dump))
    rounds = [loaded(setup, dump, alone, shared, alone_engine) for _ in range(options.rounds)]
    dump.unlink()

    def median(name):
        return statistics.median(one[name] for one in rounds)
    ratio = statistics.median(one['shared'] / one['engine'] for one in rounds)
    print(f'\nA load of {setup.orders:,} orders that are there: MB a second alone {median("alone"):.0f}, shared '
          f'{median("shared"):.0f}, engine {median("engine"):.0f} ({ratio:.2f}), in messages of '
          f'{median("bytes") / 1e3:.0f} KB; {median("cpu") / 1e3:.0f} ms CPU a MB.', flush=True)


def loaded(setup, dump, alone, shared, alone_engine):
    """One round of it."""
    plain = timed(lambda: load(setup, alone, dump))
    before, cpu = log_figures(setup, shared), shared.cpu_microseconds()
    seconds = timed(lambda: load(setup, shared, dump))
    after = log_figures(setup, shared)
    size = after['bytes'] - before['bytes']
    each = size / (after['sent'] - before['sent'])
    messages = alone_engine.sampled(before['sequence'] + 1, after['sequence'])
    return {'alone': size / plain / 1e6, 'shared': size / seconds / 1e6, 'bytes': each,
            'engine': alone_engine.run(messages, CHUNKS_UNDER_WAY) * each / 1e6,
            'cpu': (shared.cpu_microseconds() - cpu) / size * 1e6}


def load(setup, server, dump):
    """Loads a dump into a store that is served."""
    done(setup, 'load', str(dump), '--admin-socket', server.place.removeprefix('unix:') + '.admin')


def row(count, rounds):
    def median(name):
        return statistics.median(one[name] for one in rounds)
    ratio = statistics.median(one['shared'] / one['engine'] for one in rounds)
    return (f'{count:10}{median("alone"):8.0f}{median("shared"):9.0f}{median("engine"):9.0f}{f"({ratio:.2f})":>8}'
            f'{median("group"):14.1f}{median("bytes"):8.0f}{median("mean"):9.1f}'
            f'{median("answer"):15.1f}{median("cpu"):16.0f}')


def start(setup, store, arguments=()):
    return servers.relayd(setup, 1, store, arguments, cores=HOST_CORES)


def joined(made, log, host='a'):
    """Options of a host that speaks to the server that leads, as far as that can be chosen."""
    return ['--log', made.url(log, [made.led(log)]), '--host-name', host]


def begin_log(setup, made, store, log):
    done = setup.relayctl('cluster', 'init', '--log', made.url(log), '--from', str(store))
    if done.returncode != 0:
        servers.fail(done.stderr)


def write(setup, server, count, method, body, requests=None):
    """Changes random orders or makes new ones, for a while or so many; returns how many were answered."""
    path = pathlib.Path(setup.sockets) / 'body'
    path.write_text(json.dumps(body))
    targets = setup.targets(loads.LOADS['single'], ROWS)
    if method == 'POST':
        targets = f'{setup.sockets}/orders'
        loads.write_targets(targets, ['/v1/orders'])
    clients, streams = UNDER_WAY[count]
    length = ['-n', str(requests)] if requests else ['-D', str(SECONDS)]
    line = [*pinned(HOST_CORES), 'h2load', *length, '-c', str(clients), '-m', str(streams), '-d', str(path),
            '-H', server.header, '-H', f':method: {method}', '-H', 'content-type: application/json',
            '-B', server.place, '-i', targets]
    text = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    good, bad = re.search(r'status codes: (\d+) 2xx, 0 3xx, (\d+ 4xx, \d+ 5xx)', text).groups()
    if bad != '0 4xx, 0 5xx':
        servers.fail(f'writes were refused: {bad}')
    return int(good)


# MARK: Figures

def admin(setup, server):
    """What relayd says of itself."""
    place = server.place.removeprefix('unix:') + '.admin'
    until = time.monotonic() + servers.START_SECONDS
    while True:
        found = setup.relayctl('stat', '--json', '--admin-socket', place)
        if found.returncode == 0:
            return json.loads(found.stdout)
        # That socket comes behind the other one.
        if time.monotonic() > until:
            servers.fail(found.stderr)
        time.sleep(0.02)


def log_figures(setup, server):
    stat = admin(setup, server)
    return {'sent': stat['sharedLogSent'], 'bytes': stat['sharedLogSentBytes'],
            'sequence': stat['sharedLog']['sequence'], 'times': stat['sharedLogAnswerTime']}


class Alone:
    """The engine without relayd: a stream like the log, and a program that publishes to it."""

    def __init__(self, setup, made):
        self.made, self.sockets = made, setup.sockets
        self.program = f'{setup.sockets}/publish'
        source = pathlib.Path(__file__).with_name('publish.c')
        subprocess.run(['gcc', '-O2', '-o', self.program, source, '-lnats'], check=True)
        body = {'name': 'alone', 'subjects': ['alone'], 'num_replicas': engine.SERVERS, 'storage': 'file',
                'deny_delete': True, 'allow_direct': True, 'duplicate_window': 120_000_000_000}
        answer = made.ask('$JS.API.STREAM.CREATE.alone', json.dumps(body).encode())
        if not answer or 'error' in answer:
            servers.fail(f'no stream: {answer}')

    def sampled(self, first, last):
        """A file of some of the log's messages, evenly spread."""
        path = f'{self.sockets}/messages'
        step = max(1, (last - first + 1) // SAMPLED)
        with open(path, 'wb') as file:
            for sequence in range(first, last + 1, step):
                answer = self.made.ask(
                    f'$JS.API.STREAM.MSG.GET.{LOG}', json.dumps({'seq': sequence}).encode())
                message = base64.b64decode(answer['message']['data'])
                file.write(struct.pack('<I', len(message)) + message)
        return path

    def run(self, messages, count):
        """Messages a second that the engine keeps."""
        host, port = self.made.clients[self.made.led('alone')]
        done = subprocess.run(
            [*pinned(HOST_CORES), self.program, f'nats://{host}:{port}', 'alone', messages, str(count),
             str(SECONDS)], capture_output=True, text=True)
        if done.returncode != 0:
            servers.fail(done.stderr)
        return float(done.stdout)


# MARK: Joining

def print_joining(setup, made):
    """How long a host takes until it has all: out of a snapshot, and message by message."""
    log, count = 'joining', setup.orders
    begun = setup.work / 'joining-begun'
    shutil.rmtree(begun, ignore_errors=True)
    made_empty = setup.relayctl('sample', '--store', str(begun), '--orders', '1')
    if made_empty.returncode != 0:
        servers.fail(made_empty.stderr)
    key = setup.relayctl('keys', 'create', '--store', str(begun), '--account', '1', '--json')
    header = f'authorization: Bearer {json.loads(key.stdout)["key"]}'
    begin_log(setup, made, begun, log)
    store = setup.work / 'joining-first'
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(begun, store)
    first = start(setup, store, joined(made, log))
    first.header = header
    before = engine_bytes(made)
    seconds = timed(lambda: write(setup, first, 512, 'POST', ORDER, count))
    grown = (engine_bytes(made) - before) / count
    print(f'{count:,} orders, made through the log in {seconds:.0f} s by 512 requests under way.\n')
    snapshot = setup.work / 'joining-snapshot'
    shutil.rmtree(snapshot, ignore_errors=True)
    taken = timed(lambda: done(setup, 'snapshot', 'create', '--store', str(store), '--to', str(snapshot)))
    write(setup, first, 512, 'POST', ORDER, max(1, count // 100))
    last = admin(setup, first)['sharedLog']['last']
    plain = timed(lambda: restore(setup, snapshot, 'joining-plain'))
    replica = timed(lambda: restore(setup, snapshot, 'joining-replica', '--replica'))
    caught = catch_up(setup, made, log, setup.work / 'joining-replica', 'b', last)
    replayed = catch_up(setup, made, log, begun, 'c', last)
    first.stop()
    print(f'{"":44}{"seconds":>9}{"to a restore":>14}')
    for name, value in (
            ('a snapshot of the host that serves', taken), ('a restore', plain),
            ('a restore with --replica', replica), ('... and the log since, 1 % of the orders', replica + caught),
            ('all of the log, message by message', replayed)):
        print(f'{name:44}{value:9.2f}{value / plain:14.2f}', flush=True)
    print(f'\nThe log has {last:,} messages: {last / replayed:,.0f} messages and {count / replayed:,.0f} orders '
          'a second when they are replayed.')
    print(f'An order took {grown:,.0f} bytes of the disk of a server, all of what it keeps.')
    for name in ('begun', 'first', 'snapshot', 'plain', 'replica'):
        shutil.rmtree(setup.work / f'joining-{name}', ignore_errors=True)


def done(setup, *words):
    result = setup.relayctl(*words)
    if result.returncode != 0:
        servers.fail(f'{words}: {result.stderr}')


def engine_bytes(made):
    """What a server has on its disk, of the one that has most."""
    def size(place):
        return sum(path.stat().st_blocks * 512 for path in place.rglob('*') if path.is_file())
    return max(size(made.store(server)) for server in range(engine.SERVERS))


def timed(body):
    begun = time.monotonic()
    body()
    return time.monotonic() - begun


def restore(setup, snapshot, name, *options):
    place = setup.work / name
    shutil.rmtree(place, ignore_errors=True)
    done(setup, 'snapshot', 'restore', str(snapshot), '--to', str(place), *options)


def catch_up(setup, made, log, store, host, last):
    """Seconds from a host's start until it has applied the log up to a message."""
    begun = time.monotonic()
    server = start(setup, store, joined(made, log, host))
    while admin(setup, server)['sharedLog']['sequence'] < last:
        time.sleep(0.02)
    seconds = time.monotonic() - begun
    server.stop()
    return seconds
