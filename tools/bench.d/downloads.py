"""A large file: what sending it costs relayd, beside nginx and h2o that send the same from a file."""
import json
import os
import re
import shutil
import statistics
import subprocess

import loads
import servers

MEGABYTES = 50
DOWNLOADS = 10  # in a round
ROUNDS = 9
# Who reads: one download after the other as with curl, one whose frames may be larger, and four at once.
READERS = {
    'one': ('-c', '1', '-m', '1'),
    'one, frames of 1 MiB': ('-c', '1', '-m', '1', '-f', str(1 << 20)),
    'four at once': ('-c', '4', '-m', '1'),
}


def print_table(setup):
    for program in ('curl', 'strace'):
        if not shutil.which(program):
            servers.fail(f'no {program} here: apt-get install {program}')
    setup.files.mkdir(exist_ok=True)
    file = setup.files / 'file'
    if not file.exists():
        file.write_bytes(os.urandom(MEGABYTES * 1_000_000))
    store = setup.copy('downloads')
    relayd = servers.relayd(setup, 1, store)
    measured = {relayd: f'/v1/attachments/{upload(relayd, file)}'}
    for peer in servers.peers(setup, sends_files=True):
        measured[peer] = '/file'
    try:
        print(f'A file of {MEGABYTES} MB. Server CPU per MB in µs, median of {ROUNDS} rounds in '
              'turns with its quartiles,\nand system calls per MB.\n')
        print(f'{"reader":22}' + ''.join(f'{server.name:>24}' for server in measured))
        for name, arguments in READERS.items():
            print(row(setup, name, arguments, measured), flush=True)
    finally:
        for server in measured:
            server.stop()
        shutil.rmtree(store, ignore_errors=True)


def upload(server, file):
    """Makes the file one of a comment's; returns the attachment's id."""
    socket = server.place[len('unix:'):]
    comments = 'http://localhost/v1/orders/1/comments'
    line = ['curl', '-sSf', '--http2-prior-knowledge', '--unix-socket', socket, '-H', server.header]
    form = ['-F', 'text=a large file', '-F', 'authorName=bench', '-F', f'files=@{file}']
    subprocess.run(line + form + [comments], check=True, capture_output=True)
    found = json.loads(subprocess.run(line + [comments], check=True, capture_output=True).stdout)
    return found[-1]['attachments'][-1]['id']


def row(setup, name, arguments, measured):
    costs = {server: [] for server in measured}
    for number in range(ROUNDS + 1):
        for server, path in measured.items():
            targets = write_target(setup, path)
            spent = loads.run(server, DOWNLOADS, arguments, targets).microseconds
            if number > 0:
                costs[server].append(spent / MEGABYTES)
    text = f'{name:22}'
    for server, path in measured.items():
        low, middle, high = statistics.quantiles(costs[server], n=4)
        calls = system_calls(server, arguments, write_target(setup, path))
        text += f'{f"{middle:.0f} ({low:.0f}..{high:.0f}) {calls:.1f}":>24}'
    return text


def write_target(setup, path):
    file = f'{setup.sockets}/download'
    loads.write_targets(file, [path])
    return file


def system_calls(server, arguments, targets):
    """System calls per MB of all of the server's threads; they cost CPU while they are counted."""
    watched = [word for pid in server.processes() for word in ('-p', str(pid))]
    watch = subprocess.Popen(['strace', '-f', '-c', *watched], stderr=subprocess.PIPE, text=True)
    # strace says each thread that it has attached to before the first call is counted.
    watch.stderr.readline()
    loads.run(server, DOWNLOADS, arguments, targets)
    watch.terminate()
    counted = watch.communicate()[1]
    total = re.search(r'^\s*100\.00\s+\S+\s+\S*\s+(\d+).*total$', counted, re.MULTILINE)
    return int(total.group(1)) / DOWNLOADS / MEGABYTES
