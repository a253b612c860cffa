// Preloaded into relayd: each sync leaks what TORTURE_LEAK says, 4 KiB of memory or a descriptor.
// The torture soak has to find it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *volatile leaked;

int fdatasync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    const char *what = getenv("TORTURE_LEAK");
    if (what && !strcmp(what, "memory")) {
        leaked = malloc(4096);
        if (leaked) memset(leaked, 1, 4096);
    } else if (what && !strcmp(what, "descriptors")) {
        // The rest of them serve connections.
        static int count;
        if (++count % 100 == 0 && count < 10000 && dup(0) < 0) abort();
    }
    return real(file);
}
