"""The servers that are measured: relayd, and peers that serve the same bytes from files."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

START_SECONDS = 20


def fail(message):
    sys.exit(f'bench: {message}')


class Server:
    """A server process, pinned to some cores, with the processes that it starts itself."""

    def __init__(self, name, command, place, cores, header=None, urls=None):
        self.name = name
        self.place = place  # unix:PATH or http://127.0.0.1:PORT, as h2load's -B wants it
        self.header = header
        self.urls = urls or {}
        self.log = open(os.devnull, 'w') if name != 'relayd' else None
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            ['taskset', '-c', cores] + command, stdin=subprocess.DEVNULL,
            stdout=self.log or subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.wait_until_it_serves(command)

    def wait_until_it_serves(self, command):
        while time.monotonic() - self.started < START_SECONDS:
            try:
                self.connect().close()
                self.start_seconds = time.monotonic() - self.started
                return
            except OSError:
                time.sleep(0.0005)
            if self.process.poll() is not None:
                break
        fail(f'{" ".join(command)} does not serve')

    def connect(self):
        """A socket connected to the server."""
        if self.place.startswith('unix:'):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(self.place[len('unix:'):])
            return connection
        port = int(self.place.rsplit(':', 1)[1])
        return socket.create_connection(('127.0.0.1', port))

    def processes(self):
        """Ids of the server's process and of those below it."""
        parents = {}
        for entry in os.listdir('/proc'):
            if entry.isdigit():
                try:
                    stat = pathlib.Path(f'/proc/{entry}/stat').read_text()
                except OSError:
                    continue
                parents[int(entry)] = int(stat.rsplit(')', 1)[1].split()[1])
        family = [self.process.pid]
        for pid in family:
            family += [child for child, parent in parents.items() if parent == pid]
        return family

    def thread_microseconds(self):
        """CPU time of each thread so far; schedstat counts in nanoseconds."""
        times = {}
        for pid in self.processes():
            for task in os.listdir(f'/proc/{pid}/task'):
                text = pathlib.Path(f'/proc/{pid}/task/{task}/schedstat').read_text()
                times[task] = int(text.split()[0]) / 1e3
        return times

    def cpu_microseconds(self):
        return sum(self.thread_microseconds().values())

    def anonymous_kilobytes(self):
        """RssAnon: VmRSS would count the pages of the map that were touched."""
        total = 0
        for pid in self.processes():
            text = pathlib.Path(f'/proc/{pid}/status').read_text()
            total += int(re.search(r'RssAnon:\s+(\d+)', text).group(1))
        return total

    def faults(self):
        """Page faults so far: those that needed no disk, and those that did."""
        text = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text()
        fields = text.rsplit(')', 1)[1].split()
        return int(fields[7]), int(fields[9])

    def stop(self):
        """Ends it in good order and returns what it said."""
        self.process.send_signal(signal.SIGTERM)
        try:
            said = self.process.communicate(timeout=START_SECONDS)[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            said = self.process.communicate()[0]
        return said or ''


def relayd(setup, loops, store=None, arguments=(), cores=None):
    """relayd with so many loops, each on a core of its own if one is left for h2load."""
    name = f'relayd-{loops}-{time.monotonic_ns()}'
    path = f'{setup.sockets}/{name}.sock'
    if store is None and loops > 1:
        # One relayd per store: the second one of a run serves a copy.
        store = setup.copy('second')
    command = [f'{setup.bin}/relayd', '--store', str(store or setup.store), '--socket', path,
               '--admin-socket', f'{path}.admin', '--loops', str(loops), *arguments]
    cores = cores or (f'0-{loops - 1}' if loops < os.cpu_count() else '0')
    return Server('relayd', command, f'unix:{path}', cores, f'authorization: Bearer {setup.key}')


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def nghttpd(setup):
    port = free_port()
    command = ['nghttpd', '--no-tls', '-a', '127.0.0.1', '-d', str(setup.files), str(port)]
    return Server('nghttpd', command, f'http://127.0.0.1:{port}', '0')


def nginx(setup, sends_files=False):
    """nginx from buffers of its own, or with sendfile: that pays for large files only."""
    path = f'{setup.sockets}/nginx.sock'
    # Its frames have 8 KB unless it is told otherwise: that doubles what a file costs.
    sending = ('sendfile on; http2_chunk_size 1m;' if sends_files
               else 'sendfile off; output_buffers 1 128k;')
    user = 'user root;' if os.geteuid() == 0 else ''
    # Its limits that end connections early are lifted; files stay open, nothing is logged.
    configuration = f'''
        {user} worker_processes 1; daemon off; pid {setup.sockets}/nginx.pid;
        error_log /dev/null crit; events {{ worker_connections 4096; }}
        http {{
            access_log off; default_type application/json; {sending}
            keepalive_requests 100000000;
            open_file_cache max=100; http2_max_concurrent_streams 256; keepalive_timeout 600;
            client_body_temp_path {setup.sockets}/b; proxy_temp_path {setup.sockets}/p;
            fastcgi_temp_path {setup.sockets}/f; uwsgi_temp_path {setup.sockets}/u;
            scgi_temp_path {setup.sockets}/s;
            server {{ listen unix:{path} http2; root {setup.files}; }}
        }}'''
    file = pathlib.Path(setup.sockets, 'nginx.conf')
    file.write_text(configuration)
    return Server('nginx', ['nginx', '-e', '/dev/null', '-c', str(file)], f'unix:{path}', '0')


def h2o(setup):
    path = f'{setup.sockets}/h2o.sock'
    user = 'user: root\n' if os.geteuid() == 0 else ''
    file = pathlib.Path(setup.sockets, 'h2o.conf')
    file.write_text(f'''{user}num-threads: 1
http2-max-concurrent-requests-per-connection: 256
listen:
  type: unix
  port: {path}
hosts:
  default:
    paths:
      "/":
        file.dir: {setup.files}
''')
    return Server('h2o', ['h2o', '-c', str(file)], f'unix:{path}', '0')


def peers(setup, sends_files=False):
    """The peers that are installed here, running. They serve the files that lie in setup.files."""
    makers = {'nghttpd': nghttpd, 'nginx': nginx, 'h2o': h2o}
    if sends_files:
        makers = {'nginx': lambda setup: nginx(setup, sends_files=True), 'h2o': h2o}
    return [make(setup) for name, make in makers.items() if shutil.which(name)]
