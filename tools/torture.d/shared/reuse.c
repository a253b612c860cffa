// Preloaded into relayd: memory that it lets go of before it writes there anew stays the same memory,
// so that what was lent of it changes under the hands of who reads it. The torture torn has to find it.
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// Larger than a connection's frame buffer, smaller than a table: headers and pages that are lent.
enum { LEAST = 64 << 10, MOST = 1 << 20 };

int madvise(void *start, size_t length, int advice) {
    if (advice == MADV_DONTNEED && length >= LEAST && length <= MOST) return 0;
    return (int)syscall(SYS_madvise, start, length, advice);
}
