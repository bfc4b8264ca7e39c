#pragma once
#include <cstdio>
#include <cstdlib>

/// Ends the program where it does not hold.
#define CHECK(what)                                                           \
  do {                                                                        \
    if (!(what)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
      std::exit(1);                                                           \
    }                                                                         \
  } while (false)
