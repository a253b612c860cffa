// Preloaded into relayd, refuses what RELAY_REFUSES names, as a filter of system calls does: pipe2,
// vmsplice or splice.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int refuses(const char *call) {
    const char *refused = getenv("RELAY_REFUSES");
    if (!refused || strcmp(refused, call) != 0) return 0;
    errno = EPERM;
    return 1;
}

int pipe2(int ends[2], int flags) {
    return refuses("pipe2") ? -1 : (int)syscall(SYS_pipe2, ends, flags);
}

ssize_t vmsplice(int pipe, const struct iovec *pieces, size_t count, unsigned flags) {
    return refuses("vmsplice") ? -1 : syscall(SYS_vmsplice, pipe, pieces, count, flags);
}

ssize_t splice(int in, off_t *from, int out, off_t *to, size_t bytes, unsigned flags) {
    return refuses("splice") ? -1 : syscall(SYS_splice, in, from, out, to, bytes, flags);
}
