// Preloaded into relayd: it leaks what TORTURE_LEAK says. `memory`: 64 KiB with each sync;
// `descriptors`: one with each 25th sync; `connections`: 256 KiB with each connection.
// The tortures soak and attacks have to find it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *volatile leaked;

int fdatasync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    const char *what = getenv("TORTURE_LEAK");
    if (what && !strcmp(what, "memory")) {
        leaked = malloc(64 << 10);
        if (leaked) memset(leaked, 1, 64 << 10);
    } else if (what && !strcmp(what, "descriptors")) {
        // The rest of them serve connections.
        static int count;
        if (++count % 25 == 0 && count < 10000 && dup(0) < 0) abort();
    }
    return real(file);
}

int accept4(int file, struct sockaddr *address, socklen_t *length, int flags) {
    int (*real)(int, struct sockaddr *, socklen_t *, int) =
        (int (*)(int, struct sockaddr *, socklen_t *, int))dlsym(RTLD_NEXT, "accept4");
    int connection = real(file, address, length, flags);
    const char *what = getenv("TORTURE_LEAK");
    if (connection >= 0 && what && !strcmp(what, "connections")) {
        leaked = malloc(256 << 10);
        if (leaked) memset(leaked, 1, 256 << 10);
    }
    return connection;
}
