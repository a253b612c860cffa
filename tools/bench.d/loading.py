"""What it takes to load a dump: through the relayd that serves the store, and into a store that nobody serves."""
import os
import shutil
import statistics
import subprocess
import time

import growth
import servers


def print_table(setup, options):
    dump = setup.work / f'dump-{setup.orders}.jsonl'
    relayctl(setup, 'dump', '--store', str(setup.store), '--to', str(dump))
    ways = {
        'through relayd': through_relayd,
        'again, which changes nothing': again,
        'into a store that nobody serves': unserved,
    }
    print(f'A dump of {setup.orders:,} orders and what belongs to them, {dump.stat().st_size / 1e6:,.0f} MB; medians '
          f'of {options.rounds} rounds.\n')
    print(f'{"":32}{"seconds":>9}{"orders/s":>10}{"µs CPU an order":>17}{"of the busiest thread":>23}')
    rounds = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way, measured in ways.items():
            rounds[way].append(measured(setup, str(dump)))
    for way, results in rounds.items():
        seconds, cpu, busiest = (statistics.median(values) for values in zip(*results))
        print(f'{way:32}{seconds:9.1f}{setup.orders / seconds:10.0f}{cpu / setup.orders:17.1f}'
              f'{busiest / setup.orders:23.1f}', flush=True)
    dump.unlink()
    shutil.rmtree(setup.work / 'loaded')


def relayctl(setup, *arguments):
    made = setup.relayctl(*arguments)
    if made.returncode != 0:
        servers.fail(made.stderr)


def through_relayd(setup, dump):
    """Into an empty store that is served: seconds, CPU of relayd and of its busiest thread in microseconds."""
    shutil.rmtree(setup.work / 'loaded', ignore_errors=True)
    return again(setup, dump)


def again(setup, dump):
    """Into the store that was loaded before."""
    server = servers.relayd(setup, 1, setup.work / 'loaded', cores=f'0-{os.cpu_count() - 1}')
    try:
        admin = server.place.removeprefix('unix:') + '.admin'
        relayctl(setup, 'wait', '--admin-socket', admin)
        before = server.thread_microseconds()
        began = time.monotonic()
        relayctl(setup, 'load', dump, '--admin-socket', admin)
        seconds = time.monotonic() - began
        threads = [after - before.get(task, 0)
                   for task, after in server.thread_microseconds().items()]
    finally:
        server.stop()
    return seconds, sum(threads), max(threads)


def unserved(setup, dump):
    """By relayctl alone, which is one thread."""
    shutil.rmtree(setup.work / 'loaded')
    before, began = growth.child_seconds(), time.monotonic()
    subprocess.run([f'{setup.bin}/relayctl', 'load', dump, '--store', str(setup.work / 'loaded')],
                   capture_output=True, check=True)
    seconds, cpu = time.monotonic() - began, 1e6 * (growth.child_seconds() - before)
    return seconds, cpu, cpu
