#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <malloc.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int relay_accept(int socket) {
    return accept4(socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int relay_peer_of(int socket, struct relay_peer *peer) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    peer->pid = credentials.pid;
    peer->uid = credentials.uid;
    peer->gid = credentials.gid;
    return 0;
}

int relay_peer_groups(int socket, unsigned int *groups, unsigned int *count) {
    socklen_t length = *count * sizeof *groups;
    int result = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &length);
    *count = length / sizeof *groups;
    return result;
}

int relay_drop_newcomers(int socket) {
    // The filter sees a segment from its TCP header on: byte 13 has the flags.
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),      // SYN and ACK
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),  // SYN alone
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffffu),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int relay_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int relay_lending_pipe(int ends[2], int pages) {
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    // Refused above pipe-max-size, or when this user's pipes have pipe-user-pages-soft pages: the pipe
    // has 16 places then, or 2.
    if (fcntl(ends[1], F_SETPIPE_SZ, pages * (int)sysconf(_SC_PAGESIZE)) < 0) errno = 0;
    return 0;
}

long relay_lend(int pipe, const struct iovec *pieces, unsigned long count) {
    return vmsplice(pipe, pieces, count, SPLICE_F_NONBLOCK);
}

long relay_pass(int pipe, int socket, unsigned long bytes) {
    return splice(pipe, NULL, socket, NULL, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

int relay_wait(int epoll, struct epoll_event *events, int count, long nanoseconds) {
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int ready = epoll_pwait2(epoll, events, count, nanoseconds < 0 ? NULL : &limit, NULL);
    if (ready >= 0 || errno != ENOSYS) return ready;
    return epoll_wait(epoll, events, count, nanoseconds < 0 ? -1 : (int)(nanoseconds / 1000000));
}

void relay_bound_heap(int mapped, int free) {
    mallopt(M_MMAP_THRESHOLD, mapped);
    mallopt(M_TRIM_THRESHOLD, free);
}

void relay_trim_heap(void) { malloc_trim(0); }

void relay_precise_timers(void) { prctl(PR_SET_TIMERSLACK, 1ul); }

int relay_thread(void) { return gettid(); }

int relay_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return CPU_COUNT(&set);
}

// Debian 12's headers have it, those of older systems not.
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

void relay_read_ahead(int file, long offset, unsigned long bytes) {
    // Where the file system cannot (EINVAL), populating reads the pages all the same.
    if (readahead(file, offset, bytes) != 0) errno = 0;
}

int relay_populate(const void *start, unsigned long bytes) {
    if (madvise((void *)start, bytes, MADV_POPULATE_READ) == 0) return 0;
    if (errno != EINVAL) return -1;
    const volatile char *page = start;
    for (unsigned long offset = 0; offset < bytes; offset += 4096) (void)page[offset];
    return 0;
}

int relay_set_direct(int file, int isDirect) {
    int flags = fcntl(file, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(file, F_SETFL, isDirect ? flags | O_DIRECT : flags & ~O_DIRECT);
}

int relay_is_direct(int file) {
    int flags = fcntl(file, F_GETFL);
    return flags >= 0 && (flags & O_DIRECT) != 0;
}

int relay_run_idle(void) {
    struct sched_param none = {0};
    return sched_setscheduler(0, SCHED_IDLE, &none);
}

int relay_reserve(int file, long offset, long bytes) {
    return fallocate(file, FALLOC_FL_KEEP_SIZE, offset, bytes);
}

void relay_release(int file, long offset, long bytes) {
    int result = fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, bytes);
    (void)result;
}

void relay_begin_writing_out(int file) {
    int result = sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
    (void)result;
}

int relay_write_out(int file, long offset, long bytes) {
    int steps = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    return sync_file_range(file, offset, bytes, steps);
}

int relay_identify(int place, const char *name, int follows, struct relay_identity *identity) {
    struct statx found;
    int flags = name == NULL ? AT_EMPTY_PATH : follows ? 0 : AT_SYMLINK_NOFOLLOW;
    if (statx(name == NULL ? place : AT_FDCWD, name == NULL ? "" : name, flags, STATX_INO, &found) != 0)
        return -1;
    identity->device = (unsigned long)found.stx_dev_major << 32 | found.stx_dev_minor;
    identity->inode = found.stx_ino;
    return 0;
}

void **relay_thread_slot(void) {
    static _Thread_local void *slot;
    return &slot;
}

int relay_lock_part(int file, long first, long bytes, int isAlone) {
    struct flock lock = {.l_type = isAlone ? F_WRLCK : F_RDLCK, .l_start = first, .l_len = bytes};
    return fcntl(file, F_OFD_SETLK, &lock);
}

int relay_unlock(int file) {
    struct flock lock = {.l_type = F_UNLCK};
    return fcntl(file, F_OFD_SETLK, &lock);
}

int relay_is_locked(int file, long first, long bytes) {
    struct flock lock = {.l_type = F_WRLCK, .l_start = first, .l_len = bytes};
    if (fcntl(file, F_OFD_GETLK, &lock) != 0) return -1;
    return lock.l_type != F_UNLCK;
}
