// Preloaded into relayd: its wall clock is wrong by the milliseconds that a file says, which may change while
// it runs. clock.py makes it. Who waits until a time of that clock waits until the wrong clock shows it, as
// with a clock that is set.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000, SLICE = 20000000 };

static volatile int64_t *off;
static int (*real_time)(clockid_t, struct timespec *);
static int (*real_wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

__attribute__((constructor)) static void start(void) {
    real_time = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    // Of the two that glibc has, the one for its present condition variables.
    real_wait = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))dlvsym(
        RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    const char *path = getenv("TORTURE_CLOCK");
    if (!path) return;
    int file = open(path, O_RDWR | O_CLOEXEC);
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file < 0 || map == MAP_FAILED) abort();
    close(file);
    off = map;
}

static void add(struct timespec *time, int64_t nanoseconds) {
    int64_t rest = time->tv_nsec + nanoseconds % SECOND;
    time->tv_sec += nanoseconds / SECOND + (rest < 0 ? -1 : rest / SECOND);
    time->tv_nsec = rest < 0 ? rest + SECOND : rest % SECOND;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!real_time) start();
    int result = real_time(clock, time);
    if (result == 0 && off && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        add(time, *off * 1000000);
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

static int is_over(const struct timespec *until) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec > until->tv_sec ||
           (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
    // Bit 1 says that it counts on the clock that nobody sets (glibc).
    if (!off || condition->__data.__wrefs & 2) return real_wait(condition, mutex, until);
    while (1) {
        struct timespec slice;
        real_time(CLOCK_REALTIME, &slice);
        add(&slice, SLICE);
        int result = real_wait(condition, mutex, &slice);
        if (result != ETIMEDOUT) return result;
        if (is_over(until)) return ETIMEDOUT;
    }
}
