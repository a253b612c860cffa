#include "Library.h"

#include <dlfcn.h>

void *relay_library_open(const char *name) { return dlopen(name, RTLD_NOW | RTLD_LOCAL); }
