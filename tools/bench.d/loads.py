"""What is asked of the servers, and h2load that asks it."""
import dataclasses
import os
import random
import re
import subprocess

SEED = 7
PAGE = 50
HOT_ORDERS = 1_000
# Offsets of shallow and deep pages lie within so many records.
PAGE_SPAN = 2_000


@dataclasses.dataclass(frozen=True)
class Load:
    name: str
    what: str
    requests: int
    arguments: tuple  # of h2load
    file: str  # what peers serve in its place
    patch: str = ''  # the body of a PATCH; without one a load is of GETs


LOADS = {load.name: load for load in [
    Load('single', 'random orders, each once', 200_000, ('-c', '1', '-m', '256'), 'order'),
    Load('hot', '1 000 orders', 200_000, ('-c', '8', '-m', '32'), 'order'),
    Load('page', 'pages of 50, first 2 000', 10_000, ('-c', '8', '-m', '32'), 'page'),
    Load('deep', 'pages of 50 around 90 %', 10_000, ('-c', '8', '-m', '32'), 'page'),
    Load('far', 'pages of 50 anywhere', 10_000, ('-c', '8', '-m', '32'), 'page'),
    Load('one', 'one order at a time', 15_000, ('-c', '1', '-m', '1'), 'order'),
]}

# Each change is a commit of its own: how many share one would be left to chance. It is no load of
# the tables: no peer has anything like it.
PATCH = Load('patch', 'one order changed at a time', 0, ('-c', '1', '-m', '1'), 'order',
             patch='{"status":"FINISHED"}')

# Nor of these: a record costs a hundredth of such a request.
IDS = Load('ids', '100 random orders by their ids', 0, ('-c', '1', '-m', '8'), 'order')
IDS_COUNT = 100


def targets(load, orders, count):
    """Paths for a load, the same in every run."""
    choose = random.Random(SEED)
    if load.name in ('single', 'one', 'patch'):
        ids = choose.sample(range(1, orders + 1), min(count, orders))
        return [f'/v1/orders/{number}' for number in ids]
    if load.name == 'ids':
        return ['/v1/orders?ids=' + ','.join(map(str, choose.sample(range(1, orders + 1), IDS_COUNT)))
                for _ in range(HOT_ORDERS)]
    if load.name == 'hot':
        ids = [choose.randint(1, orders) for _ in range(HOT_ORDERS)]
        return [f'/v1/orders/{number}' for number in ids]
    first, span = {'page': (0, PAGE_SPAN), 'deep': (orders * 9 // 10, PAGE_SPAN),
                   'far': (0, orders - PAGE)}[load.name]
    return [f'/v1/orders?limit={PAGE}&offset={first + choose.randrange(span)}'
            for _ in range(HOT_ORDERS)]


def arguments(load, directory):
    """What h2load is told of a load; what it sends is written into the directory."""
    if not load.patch:
        return load.arguments
    body = f'{directory}/{load.name}.json'
    with open(body, 'w') as file:
        file.write(load.patch)
    return (*load.arguments, '-d', body, '-H', ':method: PATCH',
            '-H', 'content-type: application/json')


def write_targets(path, paths):
    with open(path, 'w') as file:
        file.writelines(f'http://localhost{target}\n' for target in paths)


@dataclasses.dataclass
class Result:
    microseconds: float  # server CPU per request
    per_second: float


def core():
    """The core that h2load gets: the last one."""
    return str(max(os.sched_getaffinity(0)))


def command(server, count, arguments, targets_file):
    header = ['-H', server.header] if server.header else []
    return ['taskset', '-c', core(), 'h2load', '-n', str(count), *arguments, *header,
            '-B', server.place, '-i', targets_file]


def run(server, count, arguments, targets_file):
    """Asks, and says what it cost the server; ends the program if any answer is not a 2xx."""
    before = server.cpu_microseconds()
    line = command(server, count, arguments, targets_file)
    output = subprocess.run(line, capture_output=True, text=True).stdout
    spent = server.cpu_microseconds() - before
    good = re.search(r'status codes: (\d+) 2xx', output)
    if not good or int(good.group(1)) != count:
        raise SystemExit(f'bench: {server.name} did not answer all requests with 2xx:\n{output}')
    return Result(spent / count, float(re.search(r'([\d.]+) req/s', output).group(1)))
