// What a large file costs its sender on a Unix socket, per MB, by several ways to send it in frames:
// copied from the map, lent from it, copied into fresh memory that is lent, sent by sendfile.
//
//   gcc -O2 tools/bench.d/sending.c -o sending -lxxhash && ./sending FILE
//
// FILE has 50 MB or so. The sender is on core 0, its reader on core 1. Printed are medians of rounds in
// turns. Only memory that never changes afterwards may be lent: of the map that is not so.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#define CHECK(x) do { if (!(x)) { perror(#x); exit(1); } } while (0)
enum { KB = 1024, HEADER = 9, ROUNDS = 9, WINDOW = 4096 * KB, SEND_BUFFER = 212992, WAYS = 13 };
enum kind { COPY, ASIDE, CHECKED, LEND, FRESH, SENDFILE };

struct way {
    const char *what;
    enum kind kind;
    size_t portion, frame;
    int huge;
} ways[WAYS] = {
    {"copied, portions of 16 KB", COPY, 16 * KB, 16 * KB, 0},
    {"copied, portions of 64 KB", COPY, 64 * KB, 16 * KB, 0},
    {"copied, portions of 256 KB", COPY, 256 * KB, 16 * KB, 0},
    {"copied, portions of 1 MB", COPY, 1024 * KB, 16 * KB, 0},
    {"copied, 256 KB, frames of 60 KB", COPY, 256 * KB, 60 * KB, 0},
    {"copied, 256 KB, the rest copied aside", ASIDE, 256 * KB, 16 * KB, 0},
    {"copied, 256 KB, after a checksum", CHECKED, 256 * KB, 16 * KB, 0},
    {"lent from the map (not safe)", LEND, 256 * KB, 16 * KB, 0},
    {"copied to fresh memory, lent", FRESH, 256 * KB, 16 * KB, 0},
    {"copied to a fresh huge page, lent", FRESH, 2048 * KB, 16 * KB, 1},
    {"sendfile, frames of 16 KB", SENDFILE, 1 << 30, 16 * KB, 0},
    {"sendfile, frames of 60 KB", SENDFILE, 1 << 30, 60 * KB, 0},
    {"sendfile, frames of 1 MB", SENDFILE, 1 << 30, 1024 * KB, 0},
};

static char *map, *window, head[HEADER];
static size_t size;
static int file, sender, pipe_ends[2];
static volatile uint64_t checksum;

static double cpu_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(0, sizeof set, &set);
}

// What a call of the kernel has sent; 0 when the socket is full, after it has room again.
static size_t sent(ssize_t result) {
    if (result >= 0) return result;
    CHECK(errno == EAGAIN);
    struct pollfd room = {sender, POLLOUT, 0};
    poll(&room, 1, -1);
    return 0;
}

static void skip(struct iovec **piece, int *count, size_t bytes) {
    while (*count && bytes >= (*piece)->iov_len) {
        bytes -= (*piece)->iov_len;
        ++*piece, --*count;
    }
    if (*count) {
        (*piece)->iov_base = (char *)(*piece)->iov_base + bytes;
        (*piece)->iov_len -= bytes;
    }
}

static void copy(struct iovec *piece, int count, int aside) {
    static char rest[WINDOW];
    while (count) {
        struct msghdr message = {.msg_iov = piece, .msg_iovlen = count};
        skip(&piece, &count, sent(sendmsg(sender, &message, MSG_NOSIGNAL)));
        if (!aside || !count) continue;
        size_t length = 0;
        for (int i = 0; i < count; i++) {
            memcpy(rest + length, piece[i].iov_base, piece[i].iov_len);
            length += piece[i].iov_len;
        }
        for (size_t done = 0; done < length;) {
            done += sent(send(sender, rest + done, length - done, MSG_NOSIGNAL));
        }
        return;
    }
}

static void lend(struct iovec *piece, int count) {
    while (count) {
        ssize_t taken = vmsplice(pipe_ends[1], piece, count, 0);
        CHECK(taken > 0);
        for (size_t left = taken; left;) {
            left -= sent(splice(pipe_ends[0], NULL, sender, NULL, left, SPLICE_F_NONBLOCK));
        }
        skip(&piece, &count, taken);
    }
}

// Frame headers to lend: each is written once, and the memory is let go of, never used again.
static char *fresh_header(void) {
    static char *memory;
    static size_t used = 64 * KB;
    if (used + HEADER > 64 * KB) {
        if (memory) munmap(memory, 64 * KB);
        memory = mmap(NULL, 64 * KB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        used = 0;
    }
    used += HEADER;
    return memcpy(memory + used - HEADER, head, HEADER);
}

static void send_file(size_t frame) {
    for (off_t at = 0; (size_t)at < size;) {
        struct iovec header = {head, HEADER};
        copy(&header, 1, 0);
        for (size_t left = size - at < frame ? size - at : frame; left;) {
            left -= sent(sendfile(sender, file, &at, left));
        }
    }
}

static void send_portion(const struct way *way, size_t from, size_t bytes) {
    static struct iovec pieces[512];
    char *start = map + from;
    int count = 0, lends = way->kind == LEND || way->kind == FRESH;
    if (way->kind == CHECKED) checksum += XXH3_64bits(start, bytes);
    if (way->kind == FRESH) {
        CHECK(madvise(window, way->portion, MADV_DONTNEED) == 0);
        if (!way->huge) madvise(window, (bytes + 4095) & -4096ul, MADV_POPULATE_WRITE);
        start = memcpy(window, start, bytes);
    }
    for (size_t at = 0; at < bytes; at += way->frame) {
        size_t length = bytes - at < way->frame ? bytes - at : way->frame;
        pieces[count++] = (struct iovec){lends ? fresh_header() : head, HEADER};
        pieces[count++] = (struct iovec){start + at, length};
    }
    if (lends) lend(pieces, count);
    else copy(pieces, count, way->kind == ASIDE);
}

// The sender's CPU per MB, in microseconds.
static double measure(const struct way *way) {
    int pair[2], bytes = SEND_BUFFER;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(pipe_ends) == 0);
    fcntl(pipe_ends[1], F_SETPIPE_SZ, 1024 * KB);
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    pid_t reader = fork();
    if (reader == 0) {
        pin(1);
        close(pair[0]);
        static char buffer[64 * KB];
        while (read(pair[1], buffer, sizeof buffer) > 0) { }
        _exit(0);
    }
    close(pair[1]);
    sender = pair[0];
    fcntl(sender, F_SETFL, O_NONBLOCK);
    madvise(window, WINDOW / 2, way->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    double before = cpu_microseconds();
    if (way->kind == SENDFILE) send_file(way->frame);
    else for (size_t at = 0; at < size; at += way->portion) {
        send_portion(way, at, size - at < way->portion ? size - at : way->portion);
    }
    double spent = cpu_microseconds() - before;
    close(sender), close(pipe_ends[0]), close(pipe_ends[1]);
    waitpid(reader, NULL, 0);
    return spent / (size / 1e6);
}

static int ascending(const void *a, const void *b) {
    return *(double *)a < *(double *)b ? -1 : *(double *)a > *(double *)b;
}

int main(int count, char **arguments) {
    struct stat status;
    CHECK(count == 2 && (file = open(arguments[1], O_RDONLY)) >= 0 && fstat(file, &status) == 0);
    size = status.st_size;
    map = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    window = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map != MAP_FAILED && window != MAP_FAILED);
    window = (char *)(((uintptr_t)window + 2048 * KB - 1) & -(2048ul * KB));
    pin(0);
    static double costs[WAYS][ROUNDS];
    for (int round = -1; round < ROUNDS; round++) {
        for (int way = 0; way < WAYS; way++) {
            double cost = measure(&ways[way]);
            if (round >= 0) costs[way][round] = cost;
        }
    }
    for (int way = 0; way < WAYS; way++) {
        qsort(costs[way], ROUNDS, sizeof(double), ascending);
        printf("%-40s %5.0f us per MB (%.0f..%.0f)\n", ways[way].what, costs[way][ROUNDS / 2],
               costs[way][ROUNDS / 4], costs[way][ROUNDS * 3 / 4]);
    }
}
