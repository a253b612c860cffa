// Preloaded into a program, counts its calls of malloc and its like in a file that others can read
// meanwhile: RELAY_ALLOCATION_COUNTS names it. Four counters of 64 bits: malloc (with calloc and
// the aligned kinds), realloc, free, and bytes asked for.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// glibc's own names for what this file takes the place of.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

enum { ALLOCATIONS, REALLOCATIONS, FREES, BYTES, COUNTERS };

// Calls before the constructor has run are counted here and forgotten.
static _Atomic unsigned long early[COUNTERS];
static _Atomic unsigned long *counts = early;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("RELAY_ALLOCATION_COUNTS");
    if (path == NULL) return;
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof early) != 0) abort();
    void *map = mmap(NULL, sizeof early, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map == MAP_FAILED) abort();
    close(file);
    counts = map;
}

static void count(int kind, size_t bytes) {
    atomic_fetch_add_explicit(&counts[kind], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts[BYTES], bytes, memory_order_relaxed);
}

void *malloc(size_t bytes) {
    count(ALLOCATIONS, bytes);
    return __libc_malloc(bytes);
}

void *calloc(size_t number, size_t bytes) {
    count(ALLOCATIONS, number * bytes);
    return __libc_calloc(number, bytes);
}

void *realloc(void *block, size_t bytes) {
    count(REALLOCATIONS, bytes);
    return __libc_realloc(block, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    count(ALLOCATIONS, bytes);
    return __libc_memalign(alignment, bytes);
}

void *memalign(size_t alignment, size_t bytes) { return aligned_alloc(alignment, bytes); }

int posix_memalign(void **block, size_t alignment, size_t bytes) {
    *block = aligned_alloc(alignment, bytes);
    return *block == NULL ? ENOMEM : 0;
}

void free(void *block) {
    if (block != NULL) count(FREES, 0);
    __libc_free(block);
}
