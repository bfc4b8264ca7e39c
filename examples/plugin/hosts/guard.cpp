#include "guard.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>

// The dynamic linker finds these before those of libc, for the plugin's calls as well.

namespace {

thread_local bool armed = false;

/// Without any function that is guarded itself.
void raw(const char* text) {
  long size = static_cast<long>(std::strlen(text)), result;
  asm volatile("syscall" : "=a"(result) : "0"(SYS_write), "D"(2), "S"(text), "d"(size) : "rcx", "r11", "memory");
}

void check(const char* name) {
  if (!armed) return;
  armed = false;
  raw("guard: the audio thread called ");
  raw(name);
  raw("\n");
  std::abort();
}

template <typename F>
F* real(F*(&cached), const char* name) {
  if (cached == nullptr) cached = reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
  return cached;
}

}  // namespace

void armGuard(bool on) { armed = on; }

#define FORWARD(result, name, declared, passed) \
  extern "C" result name declared {             \
    static result(*cached) declared = nullptr;  \
    check(#name);                               \
    return real(cached, #name) passed;          \
  }

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);

void* malloc(size_t size) { return check("malloc"), __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return check("calloc"), __libc_calloc(count, size); }
void* realloc(void* at, size_t size) { return check("realloc"), __libc_realloc(at, size); }
void* memalign(size_t align, size_t size) { return check("memalign"), __libc_memalign(align, size); }
void* aligned_alloc(size_t align, size_t size) { return check("aligned_alloc"), __libc_memalign(align, size); }
int posix_memalign(void** at, size_t align, size_t size) {
  check("posix_memalign");
  *at = __libc_memalign(align, size);
  return *at == nullptr ? ENOMEM : 0;
}
void free(void* at) {
  if (at != nullptr) check("free");
  __libc_free(at);
}
}

FORWARD(int, pthread_mutex_lock, (pthread_mutex_t * lock), (lock))
FORWARD(int, pthread_mutex_trylock, (pthread_mutex_t * lock), (lock))
FORWARD(int, pthread_mutex_unlock, (pthread_mutex_t * lock), (lock))
FORWARD(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
FORWARD(int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
FORWARD(int, pthread_spin_lock, (pthread_spinlock_t * lock), (lock))
FORWARD(int, pthread_cond_wait, (pthread_cond_t * cond, pthread_mutex_t* lock), (cond, lock))
FORWARD(int, pthread_cond_signal, (pthread_cond_t * cond), (cond))
FORWARD(int, pthread_cond_broadcast, (pthread_cond_t * cond), (cond))
FORWARD(int, sem_wait, (sem_t * sem), (sem))
FORWARD(int, sem_post, (sem_t * sem), (sem))
FORWARD(ssize_t, read, (int file, void* to, size_t size), (file, to, size))
FORWARD(ssize_t, write, (int file, const void* from, size_t size), (file, from, size))
FORWARD(ssize_t, send, (int file, const void* from, size_t size, int flags), (file, from, size, flags))
FORWARD(ssize_t, recv, (int file, void* to, size_t size, int flags), (file, to, size, flags))
FORWARD(int, poll, (pollfd * files, nfds_t count, int timeout), (files, count, timeout))
FORWARD(int, connect, (int file, const sockaddr* to, socklen_t size), (file, to, size))
FORWARD(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
FORWARD(int, close, (int file), (file))
FORWARD(int, nanosleep, (const timespec* time, timespec* left), (time, left))
FORWARD(int, clock_nanosleep, (clockid_t clock, int flags, const timespec* time, timespec* left),
        (clock, flags, time, left))
FORWARD(int, usleep, (useconds_t time), (time))
FORWARD(int, sched_yield, (), ())
FORWARD(int, munmap, (void* at, size_t size), (at, size))
FORWARD(void*, mmap, (void* at, size_t size, int access, int flags, int file, off_t offset),
        (at, size, access, flags, file, offset))

extern "C" int open(const char* path, int flags, ...) {
  check("open");
  va_list rest;
  va_start(rest, flags);
  const int mode = (flags & O_CREAT) != 0 ? va_arg(rest, int) : 0;
  va_end(rest);
  return openat(AT_FDCWD, path, flags, mode);
}

extern "C" long syscall(long number, ...) {
  check("syscall");
  static long (*cached)(long, ...) = nullptr;
  va_list rest;
  va_start(rest, number);
  long a[6];
  for (long& one : a) one = va_arg(rest, long);
  va_end(rest);
  return real(cached, "syscall")(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
