// Preloaded into a program, lets its system calls on files fail, as others say in a file that RELAY_DISK
// names: the words below, of 64 bits each. RELAY_DISK_FILE is a part of the paths of the files that are
// meant, and one that ends in / stands for that directory itself; without it all are.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    CALLS,   // which of the calls below fail, as a set of bits
    ERROR,   // what they set errno to; 0 for a write that takes half of its bytes, below 0 a signal that
             // the program gets before the call
    SKIPPED, // calls that go well before the first one fails
    FAILING, // calls that fail then; below 0 all of them
    BYTES,   // only writes of at most so many bytes are meant, 0 for all
    SEEN,    // calls that were meant, counted here
    MARK,    // writes of these eight bytes turn a bit of the last one, wherever they stand; 0 for none
    WORDS
};

enum {
    WRITE = 1,
    SYNC = 2,
    TRUNCATE = 4,
    RENAME = 8,
    ALLOCATE = 16,
    DATA_SYNC = 32,
    READ = 64,
    OPEN = 128,
    REMOVE = 256
};

static _Atomic long still[WORDS];
static _Atomic long *words = still;
static const char *part = "";

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("RELAY_DISK");
    if (path == NULL) return;
    if (getenv("RELAY_DISK_FILE") != NULL) part = getenv("RELAY_DISK_FILE");
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) abort();
    void *map = mmap(NULL, sizeof still, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map == MAP_FAILED) abort();
    close(file);
    words = map;
}

// Whether a path is meant.
static int is_meant(const char *path) {
    size_t length = strlen(part);
    const char *found = strstr(path, part);
    if (found == NULL) return 0;
    return length == 0 || part[length - 1] != '/' || found[length] == 0;
}

// Whether a call on this path is to fail.
static int fails(long call, const char *path, size_t bytes) {
    if ((words[CALLS] & call) == 0 || !is_meant(path)) return 0;
    if (call == WRITE && words[BYTES] != 0 && (long)bytes > words[BYTES]) return 0;
    long number = atomic_fetch_add(&words[SEEN], 1);
    if (number < words[SKIPPED]) return 0;
    if (words[FAILING] >= 0 && number >= words[SKIPPED] + words[FAILING]) return 0;
    if (words[ERROR] < 0) kill(getpid(), (int)-words[ERROR]);
    return 1;
}

static int fails_open(long call, int file, size_t bytes) {
    if ((words[CALLS] & call) == 0) return 0;
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 2);
    if (length < 0) return 0;
    path[length] = 0;
    struct stat status;
    if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) strcat(path, "/");
    return fails(call, path, bytes);
}

// Whether the file is meant whose bytes are to be damaged.
static int is_damaged(int file) {
    if (words[MARK] == 0) return 0;
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_meant(path);
}

// Turns bit 6 of the last byte of every mark, in place.
static void damage(char *bytes, size_t count) {
    long mark = words[MARK];
    char *end = bytes + count, *found = bytes;
    while ((found = memmem(found, (size_t)(end - found), &mark, sizeof mark)) != NULL) {
        found += sizeof mark;
        found[-1] ^= 64;
    }
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// A call that fails leaves errno; a short write takes half.
#define FAIL(result, half)                                                                         \
    do {                                                                                           \
        if (words[ERROR] == 0) return half;                                                        \
        errno = (int)words[ERROR];                                                                 \
        return result;                                                                             \
    } while (0)

ssize_t write(int file, const void *bytes, size_t count) {
    if (fails_open(WRITE, file, count)) FAIL(-1, REAL(write)(file, bytes, count / 2));
    return REAL(write)(file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    if (fails_open(WRITE, file, count)) FAIL(-1, REAL(pwrite)(file, bytes, count / 2, offset));
    if (is_damaged(file)) {
        char *copy = memcpy(malloc(count), bytes, count);
        damage(copy, count);
        ssize_t written = REAL(pwrite)(file, copy, count, offset);
        free(copy);
        return written;
    }
    return REAL(pwrite)(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return pwrite(file, bytes, count, offset);
}

static size_t total(const struct iovec *pieces, int count) {
    size_t bytes = 0;
    for (int index = 0; index < count; index++) bytes += pieces[index].iov_len;
    return bytes;
}

ssize_t writev(int file, const struct iovec *pieces, int count) {
    if (fails_open(WRITE, file, total(pieces, count)))
        FAIL(-1, REAL(write)(file, pieces[0].iov_base, pieces[0].iov_len / 2));
    // LMDB writes its own copies of pages so, which nobody reads afterwards.
    for (int index = 0; index < count && is_damaged(file); index++)
        damage(pieces[index].iov_base, pieces[index].iov_len);
    return REAL(writev)(file, pieces, count);
}

ssize_t pwritev(int file, const struct iovec *pieces, int count, off_t offset) {
    if (fails_open(WRITE, file, total(pieces, count)))
        FAIL(-1, REAL(pwrite)(file, pieces[0].iov_base, pieces[0].iov_len / 2, offset));
    return REAL(pwritev)(file, pieces, count, offset);
}

ssize_t pwritev64(int file, const struct iovec *pieces, int count, off64_t offset) {
    return pwritev(file, pieces, count, offset);
}

int fdatasync(int file) {
    if (fails_open(DATA_SYNC, file, 0)) FAIL(-1, 0);
    return REAL(fdatasync)(file);
}

int fsync(int file) {
    if (fails_open(SYNC, file, 0)) FAIL(-1, 0);
    return REAL(fsync)(file);
}

int ftruncate(int file, off_t bytes) {
    if (fails_open(TRUNCATE, file, 0)) FAIL(-1, 0);
    return REAL(ftruncate)(file, bytes);
}

int ftruncate64(int file, off64_t bytes) { return ftruncate(file, bytes); }

int fallocate(int file, int mode, off_t offset, off_t bytes) {
    if (fails_open(ALLOCATE, file, 0)) FAIL(-1, 0);
    return REAL(fallocate)(file, mode, offset, bytes);
}

int fallocate64(int file, int mode, off64_t offset, off64_t bytes) {
    return fallocate(file, mode, offset, bytes);
}

int rename(const char *from, const char *to) {
    if (fails(RENAME, to, 0)) FAIL(-1, 0);
    return REAL(rename)(from, to);
}

int unlink(const char *path) {
    if (fails(REMOVE, path, 0)) FAIL(-1, 0);
    return REAL(unlink)(path);
}

int link(const char *from, const char *to) {
    if (fails(RENAME, to, 0)) FAIL(-1, 0);
    return REAL(link)(from, to);
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    if (fails_open(READ, file, count)) FAIL(-1, REAL(pread)(file, bytes, count / 2, offset));
    return REAL(pread)(file, bytes, count, offset);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
    return pread(file, bytes, count, offset);
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0;
    va_end(arguments);
    if (fails(OPEN, path, 0)) FAIL(-1, -1);
    return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return open(path, flags, mode);
}
