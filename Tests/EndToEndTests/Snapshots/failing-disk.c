// Preloaded into a program, makes its disk fail as RELAY_FAULT says: CALL:NAME:ERRNO lets every CALL on a
// path in which NAME occurs fail with ERRNO, and do nothing. Calls: fdatasync, fsync. A path that ends in /
// stands for that directory itself. Each failure is written to RELAY_FAULT_LOG, so that a test can see
// that there was one.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char call_name[32], path_part[256];
static int error;

__attribute__((constructor)) static void begin(void) {
    const char *fault = getenv("RELAY_FAULT");
    if (fault == NULL || sscanf(fault, "%31[^:]:%255[^:]:%d", call_name, path_part, &error) != 3) abort();
}

/// Whether this call shall fail; notes it then.
static int fails(const char *call, int descriptor) {
    if (strcmp(call, call_name) != 0) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 2);
    if (count < 0) return 0;
    path[count] = 0;
    struct stat status;
    if (fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) strcat(path, "/");
    char *found = strstr(path, path_part);
    if (found == NULL) return 0;
    if (path_part[strlen(path_part) - 1] == '/' && found[strlen(path_part)] != 0) return 0;
    int log = open(getenv("RELAY_FAULT_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log >= 0) {
        dprintf(log, "%s %s\n", call, path);
        close(log);
    }
    return 1;
}

int fdatasync(int descriptor) {
    if (fails("fdatasync", descriptor)) {
        errno = error;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, descriptor);
}

int fsync(int descriptor) {
    if (fails("fsync", descriptor)) {
        errno = error;
        return -1;
    }
    return (int)syscall(SYS_fsync, descriptor);
}
