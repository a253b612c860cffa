// Preloaded into relayd under valgrind, which has no room for a map of 64 GiB: 8 GiB do for a
// sample store that is only read.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

struct MDB_env;

int mdb_env_set_mapsize(struct MDB_env *environment, size_t bytes) {
    const size_t most = (size_t)8 << 30;
    int (*next)(struct MDB_env *, size_t) = dlsym(RTLD_NEXT, "mdb_env_set_mapsize");
    return next(environment, bytes < most ? bytes : most);
}
