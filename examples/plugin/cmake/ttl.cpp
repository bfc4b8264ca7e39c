#include <dlfcn.h>

#include <cstdio>

/// Lets a DPF plugin write the files that describe it as LV2: ttl PLUGIN NAME.
int main(int, char** argv) {
  void* library = dlopen(argv[1], RTLD_NOW);
  if (library == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
  const auto generate = reinterpret_cast<void (*)(const char*)>(dlsym(library, "lv2_generate_ttl"));
  if (generate == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
  generate(argv[2]);
  return 0;
}
