"""What a request costs as the store grows, and what making the store costs."""
import resource
import shutil
import statistics
import time

import loads
import servers

SMALLEST = 10_000
STEP = 10
LOADS = ('single', 'page', 'deep', 'far')
# The smallest store's orders are asked for more than once in one round.
REQUESTS = {'single': 100_000, 'page': 10_000, 'deep': 10_000, 'far': 10_000}


def sizes(largest):
    """Ten times as many orders each, up to the largest that was asked for."""
    size = SMALLEST
    while size < largest:
        yield size
        size *= STEP
    yield largest


def print_table(make_setup, options):
    """Measures store after store. Each is made anew, measured and removed.

    make_setup: makes a store of so many orders, and what is needed to measure on it.
    """
    print(f'Server CPU per request in µs, one loop; medians of {options.rounds} rounds.\n')
    print(f'{"orders":>12}{"MiB":>9}{"made in":>10}{"µs CPU/order":>14}'
          + ''.join(f'{name:>9}' for name in LOADS))
    options.work, options.fresh = f'{options.work}/growth', True
    for options.orders in list(sizes(options.orders)):
        began, before = time.monotonic(), child_seconds()
        setup = make_setup(options)
        took, used = time.monotonic() - began, child_seconds() - before
        size = (setup.store / 'data.mdb').stat().st_size / (1 << 20)
        print(f'{setup.orders:12,}{size:9.0f}{took:8.0f} s{used / setup.orders * 1e6:14.1f}',
              end='', flush=True)
        server = servers.relayd(setup, 1)
        try:
            for name in LOADS:
                print(f'{cost(setup, server, name, options.rounds):9.2f}', end='', flush=True)
        finally:
            server.stop()
        print(flush=True)
        shutil.rmtree(setup.store)


def child_seconds():
    """CPU time of all programs that have been run and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cost(setup, server, name, rounds):
    load = loads.LOADS[name]
    count = REQUESTS[name]
    file = setup.targets(load, count)
    results = [loads.run(server, count, load.arguments, file) for _ in range(rounds + 1)]
    # The first round fills the caches.
    return statistics.median(result.microseconds for result in results[1:])
