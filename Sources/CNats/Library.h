#pragma once

/// Opens a shared library (dlopen); NULL where there is none of the name.
///
/// In a file of its own: the linker of static programs warns of dlopen by the line that calls it, and gold does not
/// get through the lines of CNats.c.
void *relay_library_open(const char *name);
