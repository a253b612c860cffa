// Tells ThreadSanitizer of Mutex. Where a thread has to wait, the lock is handed over by the kernel (futexes
// with priority inheritance, in libswiftSynchronization), of which the sanitizer knows nothing: it
// would take everything that a Mutex guards for a race. Linked into the programs, these take the place of the
// library's own functions and call them.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

void __tsan_acquire(void *address);
void __tsan_release(void *address);

SWIFT void lock_slowly(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT void unlock_slowly(SELF void *mutex) __asm__(UNLOCK);

SWIFT void lock_slowly(uint32_t thread, SELF void *mutex) {
    ((__typeof__(&lock_slowly))dlsym(RTLD_NEXT, LOCK))(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFT void unlock_slowly(SELF void *mutex) {
    __tsan_release(mutex);
    ((__typeof__(&unlock_slowly))dlsym(RTLD_NEXT, UNLOCK))(mutex);
}
