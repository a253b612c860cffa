"""Instructions per request, counted by valgrind's callgrind in the release build of relayd.

After a warm-up the counters are zeroed, a fixed number of requests is made, and the counts are
dumped. The kernel's work is not in them.
"""
import collections
import glob
import os
import pathlib
import re
import shutil
import subprocess
import time

import loads
import servers

WARM_UP = 2_000
COUNTED = 5_000
# The largest functions of ours that are listed for each load.
LISTED = 12
OWN_MODULES = re.compile(r'\d(HTTP2|JSON|LMDB|Options|Relay(Contract|Records|Server|Store))')
REFERENCE_COUNTS = re.compile(
    r'^_?swift_(bridgeObject|unknownObject)?_?(nonatomic_)?(retain|release)', re.IGNORECASE)


def print_table(setup):
    for program in ('valgrind', 'objcopy', 'gcc'):
        if not shutil.which(program):
            servers.fail(f'no {program} here: apt-get install valgrind binutils gcc')
    # Debian's valgrind cannot read DWARF 5; names of functions are in the symbol table.
    program = f'{setup.sockets}/relayd'
    subprocess.run(['objcopy', '--strip-debug', f'{setup.bin}/relayd', program], check=True)
    source = pathlib.Path(__file__).with_name('small-map.c')
    library = f'{setup.sockets}/small-map.so'
    subprocess.run(['gcc', '-O2', '-shared', '-fPIC', '-o', library, source], check=True)
    print(f'Instructions per request of one loop, user space only ({COUNTED} requests counted).\n')
    print(f'{"load":8}{"all":>9}{"nghttp2":>10}{"lmdb":>9}{"libc":>9}{"own":>9}{"swift":>9}'
          f'{"other":>9}{"retain+release":>16}')
    details = []
    for load in [loads.LOADS[name] for name in ('single', 'hot', 'page', 'one')] + [loads.IDS, loads.PATCH]:
        counts = count(setup, program, library, load)
        shares = [counts.by_part[part] / COUNTED for part in PARTS]
        print(f'{load.name:8}{sum(shares):9.0f}{shares[0]:10.0f}'
              + ''.join(f'{share:9.0f}' for share in shares[1:])
              + f'{sum(counts.reference_counts.values()) / COUNTED:16.3f}', flush=True)
        details.append((load.name, counts))
    for name, counts in details:
        print(f'\n{name}: the largest functions, instructions per request')
        for (part, function), cost in counts.by_function.most_common(LISTED):
            print(f'  {cost / COUNTED:9.0f}  {part:8} {readable(function)}')
        for (caller, callee), calls in counts.reference_counts.most_common(LISTED):
            if calls / COUNTED > 0.01:
                print(f'  {calls / COUNTED:9.2f}  calls of {callee} in {readable(caller)}')


def readable(function):
    """A function's name as in the source, as much as fits a line."""
    result = subprocess.run(['swift', 'demangle', '--compact', '--simplified', function],
                            capture_output=True, text=True)
    return (result.stdout.strip() or function)[:78]


PARTS = ('nghttp2', 'lmdb', 'libc', 'own', 'swift', 'other')


def part_of(binary, function):
    name = os.path.basename(binary)
    if name.startswith('relayd'):
        # The Swift runtime and standard library are linked into relayd; what our modules add to
        # types of the standard library has their name in its own.
        runtime = re.match(r'_?swift_|_ZN5swift|swift::|\$ss|\$sS', function)
        return 'swift' if runtime and not OWN_MODULES.search(function) else 'own'
    for part, prefixes in {'nghttp2': ('libnghttp2',), 'lmdb': ('liblmdb',),
                           'libc': ('libc.', 'libc-', 'libm', 'ld-', 'vgpreload')}.items():
        if name.startswith(prefixes):
            return part
    return 'other'


class Counts:
    def __init__(self):
        self.by_part = collections.Counter()
        self.by_function = collections.Counter()
        self.reference_counts = collections.Counter()  # by who calls


def count(setup, program, library, load):
    out = f'{setup.sockets}/callgrind.out'
    path = f'{setup.sockets}/grind.sock'
    store = setup.copy('patched') if load.patch else setup.store
    command = ['env', f'LD_PRELOAD={library}', 'valgrind', '--tool=callgrind', '--quiet',
               f'--callgrind-out-file={out}', program, '--store', str(store),
               '--socket', path, '--admin-socket', f'{path}.admin', '--loops', '1',
               # No request causes the scrub's work.
               '--scrub-rate', '0']
    header = f'authorization: Bearer {setup.key}'
    server = servers.Server('relayd', command, f'unix:{path}', '0', header)
    arguments = loads.arguments(load, setup.sockets)
    # One connection asks in the warm-up and while counting would be best; h2load makes a new one,
    # whose greeting is spread over all requests.
    loads.run(server, WARM_UP, arguments, setup.targets(load, COUNTED))
    control(server, '--zero')
    loads.run(server, COUNTED, arguments, setup.targets(load, COUNTED))
    control(server, '--dump')
    dumps = []
    while not dumps:
        time.sleep(0.2)
        dumps = glob.glob(out + '.*')
    server.stop()
    counts = parse(dumps[0])
    for file in glob.glob(out + '*'):
        os.unlink(file)
    return counts


def control(server, order):
    line = ['callgrind_control', order, str(server.process.pid)]
    subprocess.run(line, check=True, capture_output=True)


def parse(path):
    """Sums self costs by object and function. The format is in valgrind's manual, 'cl-format'."""
    counts = Counts()
    names = {'ob': {}, 'fn': {}}
    binary = function = callee = ''
    skips = False

    def resolve(kind, text):
        number, _, name = text.partition(' ')
        if not number.startswith('('):
            return text
        if name:
            names[kind][number] = name
        return names[kind].get(number, '?')

    with open(path) as file:
        for line in file:
            key, equals, value = line.rstrip('\n').partition('=')
            if equals and key in ('ob', 'fn', 'cob', 'cfn'):
                text = resolve(key[-2:], value)
                if key == 'ob':
                    binary = text
                elif key == 'fn':
                    function = text
                elif key == 'cfn':
                    callee = text
            elif equals and key == 'calls':
                if REFERENCE_COUNTS.match(callee):
                    counts.reference_counts[function, callee] += int(value.split()[0])
                # The next line is what the call cost inclusively: its callee has it already.
                skips = True
            elif line[0] in '+-*0123456789':
                if not skips:
                    part, cost = part_of(binary, function), int(line.split()[1])
                    counts.by_part[part] += cost
                    counts.by_function[part, function] += cost
                skips = False
    return counts
