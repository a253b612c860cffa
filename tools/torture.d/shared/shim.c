// Preloaded into relayd or relayctl: counts their calls that change files, lets chosen ones fail or
// wait, records what is done to a store's data.mdb and log, and shows another start of the machine.
// shim.py makes it, and says what is to happen through a file that both map (struct control).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum call { NONE, WRITE, SYNC, TRUNCATE, RENAME, LINK, CREATE, MKDIR, UNLINK, CALLS };

// What happens to the calls first...last of a kind: an errno, or one of these.
enum { SHORT = 1000, DROP = 1001, SLOW = 1002 };

// What recorded calls were: see shim.py.
enum {
    WRITTEN = 1,
    SYNCED = 2,
    TRUNCATED = 3,
    WRITTEN_SYNC = 4,
    ZEROED = 5,
    SYNC_BEGUN = 6,
    MADE = 7,
    REMOVED = 8
};

// Bytes of a file's path in a record, and from how many zeros on only their number is recorded.
enum { NAME = 32, ZEROS = 65536 };

struct control {
    uint64_t call, first, last, what, hits;
    uint64_t late_meta;  // 1: a write on an O_DSYNC descriptor is recorded as an ordinary one
    uint64_t slow;       // how long a call takes that is slow, in microseconds
    uint64_t reserved;
    uint64_t counts[CALLS];
    uint64_t more[7];
    char containing[64];  // only calls on paths with this in them count
};

static struct control *control;
static const char *within, *boot;
static int record = -1;
static pthread_mutex_t recording = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name, type, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("TORTURE_CONTROL");
    within = getenv("TORTURE_WITHIN");
    if (path && within) {
        int file = REAL(open, int, const char *, int, ...)(path, O_RDWR | O_CLOEXEC);
        void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (file < 0 || map == MAP_FAILED) abort();
        control = map;
    }
    boot = getenv("TORTURE_BOOT");
    path = getenv("TORTURE_RECORD");
    if (path) {
        record = REAL(open, int, const char *, int, ...)(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        if (record < 0) abort();
    }
}

// TORTURE_IN_USE plants a fault: who asks whether a process has the store open is told so.
int fcntl(int file, int what, ...) {
    va_list more;
    va_start(more, what);
    void *argument = va_arg(more, void *);
    va_end(more);
    int result = REAL(fcntl, int, int, int, ...)(file, what, argument);
    struct flock *lock = argument;
    if (what == F_GETLK && result == 0 && lock->l_start == 0 && getenv("TORTURE_IN_USE"))
        lock->l_type = F_RDLCK;
    return result;
}

static int is_within(const char *path) { return strncmp(path, within, strlen(within)) == 0; }

// The path of a descriptor, empty when it has none.
static void name(int file, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
}

// Counts a call on a path; 0 when it is to be done, else what happens instead.
static int fate(enum call call, const char *path) {
    if (!control || !is_within(path)) return 0;
    if (control->containing[0] && !strstr(path, control->containing)) return 0;
    uint64_t count = __atomic_add_fetch(&control->counts[call], 1, __ATOMIC_SEQ_CST);
    if (control->call != call || count < control->first || count > control->last) return 0;
    __atomic_add_fetch(&control->hits, 1, __ATOMIC_SEQ_CST);
    if (control->what == SLOW) {
        usleep((useconds_t)control->slow);
        return 0;
    }
    return (int)control->what;
}

static int fate_of_file(enum call call, int file, char *path) {
    if (!control) return 0;
    name(file, path);
    return fate(call, path);
}

// Relative paths of *at() calls and of calls alike are taken as below the working directory.
static int fate_at(enum call call, int directory, const char *path) {
    char whole[2 * PATH_MAX] = "";
    if (!control) return 0;
    if (path[0] == '/') return fate(call, path);
    if (directory == AT_FDCWD) {
        if (!getcwd(whole, PATH_MAX)) return 0;
    } else {
        name(directory, whole);
    }
    strcat(whole, "/");
    strncat(whole, path, PATH_MAX);
    return fate(call, whole);
}

static int is_zero(const char *bytes, size_t length) {
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

// Appends to the record what was done to a store's data.mdb, its log's directory, or a file there.
static void note(uint32_t kind, const char *path, uint64_t offset, const struct iovec *parts,
                 int count, size_t length) {
    if (record < 0 || !is_within(path)) return;
    const char *below = path + strlen(within);
    if (*below == '/') below++;
    if (strcmp(below, "data.mdb") != 0 && strcmp(below, "log") != 0 &&
        strncmp(below, "log/", 4) != 0)
        return;
    struct {
        uint32_t kind, length;
        uint64_t offset;
        char name[NAME];
    } head = {kind, (uint32_t)length, offset, ""};
    if (strlen(below) >= NAME) abort();
    strcpy(head.name, below);
    struct iovec all[66] = {{&head, sizeof head}};
    int used = 1;
    if (kind == WRITTEN && count == 1 && length >= ZEROS && is_zero(parts[0].iov_base, length)) {
        head.kind = ZEROED;
        length = 0;
    }
    for (int i = 0; i < count && length > 0; i++) {
        all[used] = parts[i];
        if (all[used].iov_len > length) all[used].iov_len = length;
        length -= all[used++].iov_len;
    }
    pthread_mutex_lock(&recording);
    if (REAL(writev, ssize_t, int, const struct iovec *, int)(record, all, used) < 0) abort();
    pthread_mutex_unlock(&recording);
}

static uint32_t kind_of_write(int file) {
    int synchronous = fcntl(file, F_GETFL) & O_DSYNC;
    return synchronous && !control->late_meta ? WRITTEN_SYNC : WRITTEN;
}

// How many bytes of a write are done: all, half of them, none with success (-1), or an error (-2).
static ssize_t allowed(int what, size_t length) {
    if (what == 0) return (ssize_t)length;
    if (what == SHORT) return (ssize_t)(length / 2);
    if (what == DROP) return -1;
    errno = what;
    return -2;
}

static ssize_t write_at(int file, const void *bytes, size_t length, off_t offset) {
    char path[PATH_MAX] = "";
    int what = fate_of_file(WRITE, file, path);
    ssize_t part = allowed(what, length);
    if (part == -2) return -1;
    if (part == -1) return (ssize_t)length;
    ssize_t done = REAL(pwrite, ssize_t, int, const void *, size_t, off_t)(
        file, bytes, (size_t)part, offset);
    struct iovec one = {(void *)bytes, (size_t)part};
    if (done > 0 && control) note(kind_of_write(file), path, (uint64_t)offset, &one, 1, done);
    return done;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
    return write_at(file, bytes, length, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off_t offset) {
    return write_at(file, bytes, length, offset);
}

ssize_t write(int file, const void *bytes, size_t length) {
    char path[PATH_MAX] = "";
    int what = fate_of_file(WRITE, file, path);
    ssize_t part = allowed(what, length);
    if (part == -2) return -1;
    if (part == -1) return (ssize_t)length;
    off_t offset = record >= 0 ? lseek(file, 0, SEEK_CUR) : 0;
    ssize_t done =
        REAL(write, ssize_t, int, const void *, size_t)(file, bytes, (size_t)part);
    struct iovec one = {(void *)bytes, (size_t)part};
    if (done > 0 && control) note(kind_of_write(file), path, (uint64_t)offset, &one, 1, done);
    return done;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    char path[PATH_MAX] = "";
    size_t length = 0;
    for (int i = 0; i < count; i++) length += parts[i].iov_len;
    int what = fate_of_file(WRITE, file, path);
    ssize_t part = allowed(what, length);
    if (part == -2) return -1;
    if (part == -1) {
        lseek(file, (off_t)length, SEEK_CUR);
        return (ssize_t)length;
    }
    off_t offset = record >= 0 ? lseek(file, 0, SEEK_CUR) : 0;
    ssize_t done;
    if ((size_t)part < length) {
        size_t first = parts[0].iov_len < (size_t)part ? parts[0].iov_len : (size_t)part;
        done = REAL(write, ssize_t, int, const void *, size_t)(file, parts[0].iov_base, first);
    } else {
        done = REAL(writev, ssize_t, int, const struct iovec *, int)(file, parts, count);
    }
    if (done > 0 && control)
        note(kind_of_write(file), path, (uint64_t)offset, parts, count, (size_t)done);
    return done;
}

// An error, or 1 for "say it was done", or 0 for "do it".
static int refused(int what) {
    if (what == 0) return 0;
    if (what == DROP) return 1;
    errno = what == SHORT ? EIO : what;
    return -1;
}

#define SYNC_CALL(function)                                                                \
    int function(int file) {                                                               \
        char path[PATH_MAX] = "";                                                          \
        int no = refused(fate_of_file(SYNC, file, path));                                  \
        if (no) return no == 1 ? 0 : -1;                                                   \
        if (control) note(SYNC_BEGUN, path, 0, NULL, 0, 0);                                \
        int result = REAL(function, int, int)(file);                                       \
        if (result == 0 && control) note(SYNCED, path, 0, NULL, 0, 0);                     \
        return result;                                                                     \
    }
SYNC_CALL(fdatasync)
SYNC_CALL(fsync)

#define TRUNCATE_CALL(function)                                                            \
    int function(int file, off_t size) {                                                   \
        char path[PATH_MAX] = "";                                                          \
        int no = refused(fate_of_file(TRUNCATE, file, path));                              \
        if (no) return no == 1 ? 0 : -1;                                                   \
        int result = REAL(function, int, int, off_t)(file, size);                          \
        if (result == 0 && control) note(TRUNCATED, path, (uint64_t)size, NULL, 0, 0);     \
        return result;                                                                     \
    }
TRUNCATE_CALL(ftruncate)
TRUNCATE_CALL(ftruncate64)

// Allocation counts with truncation: both change a file's size or its blocks.
int posix_fallocate(int file, off_t offset, off_t length) {
    char path[PATH_MAX] = "";
    int no = refused(fate_of_file(TRUNCATE, file, path));
    if (no) return no == 1 ? 0 : errno;
    return REAL(posix_fallocate, int, int, off_t, off_t)(file, offset, length);
}

int rename(const char *from, const char *to) {
    int no = refused(fate_at(RENAME, AT_FDCWD, to));
    if (no) return no == 1 ? 0 : -1;
    return REAL(rename, int, const char *, const char *)(from, to);
}

int renameat2(int old, const char *from, int new, const char *to, unsigned flags) {
    int no = refused(fate_at(RENAME, new, to));
    if (no) return no == 1 ? 0 : -1;
    return REAL(renameat2, int, int, const char *, int, const char *, unsigned)(
        old, from, new, to, flags);
}

int link(const char *from, const char *to) {
    int no = refused(fate_at(LINK, AT_FDCWD, to));
    if (no) return no == 1 ? 0 : -1;
    return REAL(link, int, const char *, const char *)(from, to);
}

int unlink(const char *path) {
    int no = refused(fate_at(UNLINK, AT_FDCWD, path));
    if (no) return no == 1 ? 0 : -1;
    int result = REAL(unlink, int, const char *)(path);
    if (result == 0 && control) note(REMOVED, path, 0, NULL, 0, 0);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    int no = refused(fate_at(MKDIR, AT_FDCWD, path));
    if (no) return no == 1 ? 0 : -1;
    return REAL(mkdir, int, const char *, mode_t)(path, mode);
}

// Only openings that may make a file count, and DROP means to do them all the same.
static int open_file(int directory, const char *path, int flags, mode_t mode) {
    if (flags & O_CREAT) {
        int what = fate_at(CREATE, directory, path);
        if (what && what != DROP) {
            errno = what == SHORT ? EIO : what;
            return -1;
        }
    }
    if (boot && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0) path = boot;
    int file = REAL(openat, int, int, const char *, int, ...)(directory, path, flags, mode);
    if (file >= 0 && control && flags & O_CREAT && flags & O_EXCL) note(MADE, path, 0, NULL, 0, 0);
    return file;
}

#define MODE                                  \
    mode_t mode = 0;                          \
    if (flags & (O_CREAT | __O_TMPFILE)) {    \
        va_list list;                         \
        va_start(list, flags);                \
        mode = va_arg(list, mode_t);          \
        va_end(list);                         \
    }

int open(const char *path, int flags, ...) {
    MODE return open_file(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE return open_file(AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...) {
    MODE return open_file(directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...) {
    MODE return open_file(directory, path, flags, mode);
}
