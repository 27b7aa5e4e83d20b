// Lets the wheel's extension run on glibc 2.28 although it is built with a newer glibc.
//
// The linker takes the newest version of a symbol in the glibc of the building machine, and the
// wheel then needs that version everywhere. The functions below are defined inside the extension
// and call the version that every glibc of this architecture has. BASNET_RT_OLD_GLIBC adds this
// file; tests/install checks the symbol versions of the finished extension, so a missing function
// is found. The functions must be hidden: a visible one would call itself.
#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#if defined(__x86_64__)
#define FIRST_GLIBC "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define FIRST_GLIBC "GLIBC_2.17"
#else
#error "BASNET_RT_OLD_GLIBC knows x86_64 and aarch64"
#endif
#define FIRST_VERSION(ours, theirs) __asm__(".symver " #ours ", " #theirs "@" FIRST_GLIBC)

// Declared without the attributes in the headers: each is the same function in its first version.
extern "C" {
double first_exp(double x);
double first_pow(double x, double y);
int first_create(pthread_t* thread, const pthread_attr_t* how, void* (*run)(void*), void* of);
int first_detach(pthread_t thread);
int first_join(pthread_t thread, void** result);
int first_key_create(pthread_key_t* key, void (*destroy)(void*));
int first_once(pthread_once_t* done, void (*run)());
int first_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until);
int first_trylock(pthread_mutex_t* mutex);
int first_fxstat(int version, int file, struct stat* found);
int first_lxstat(int version, const char* path, struct stat* found);
int first_xstat(int version, const char* path, struct stat* found);
}
FIRST_VERSION(first_exp, exp);
FIRST_VERSION(first_pow, pow);
FIRST_VERSION(first_create, pthread_create);
FIRST_VERSION(first_detach, pthread_detach);
FIRST_VERSION(first_join, pthread_join);
FIRST_VERSION(first_key_create, pthread_key_create);
FIRST_VERSION(first_once, pthread_once);
FIRST_VERSION(first_trylock, pthread_mutex_trylock);
FIRST_VERSION(first_fxstat, __fxstat);
FIRST_VERSION(first_lxstat, __lxstat);
FIRST_VERSION(first_xstat, __xstat);
#if defined(__x86_64__)
__asm__(".symver first_timedwait, pthread_cond_timedwait@GLIBC_2.3.2");
constexpr int kStatVersion = 1;
#else
FIRST_VERSION(first_timedwait, pthread_cond_timedwait);
constexpr int kStatVersion = 0;
#endif

namespace {

constexpr long kSecond = 1'000'000'000;  // in nanoseconds

timespec now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time;
}

// The same moment on the clock of condition variables.
timespec on_real_time(const timespec& moment, clockid_t clock) {
  const timespec here = now(clock), there = now(CLOCK_REALTIME);
  timespec shifted{there.tv_sec + moment.tv_sec - here.tv_sec,
                   there.tv_nsec + moment.tv_nsec - here.tv_nsec};
  while (shifted.tv_nsec < 0) shifted.tv_nsec += kSecond, --shifted.tv_sec;
  while (shifted.tv_nsec >= kSecond) shifted.tv_nsec -= kSecond, ++shifted.tv_sec;
  if (shifted.tv_sec < 0) shifted = {0, 0};
  return shifted;
}

}  // namespace

extern "C" {

// "There may be threads": shared pointers then always count atomically.
char __libc_single_threaded = 0;

double exp(double x) noexcept { return first_exp(x); }
double pow(double x, double y) noexcept { return first_pow(x, y); }

int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*run)(void*),
                   void* of) noexcept {
  return first_create(thread, how, run, of);
}
int pthread_detach(pthread_t thread) noexcept { return first_detach(thread); }
int pthread_join(pthread_t thread, void** result) { return first_join(thread, result); }
int __pthread_key_create(pthread_key_t* key, void (*destroy)(void*)) noexcept {
  return first_key_create(key, destroy);
}
int pthread_once(pthread_once_t* done, void (*run)()) { return first_once(done, run); }
int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept { return first_trylock(mutex); }

// New in glibc 2.30. A step of the real-time clock moves the end of a wait, as it did for every
// program before that.
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  const timespec moment = clock == CLOCK_REALTIME ? *until : on_real_time(*until, clock);
  const int status = first_timedwait(condition, mutex, &moment);
  if (status != ETIMEDOUT || clock == CLOCK_REALTIME) return status;
  const timespec time = now(clock);  // too early after a clock step: the caller waits again
  const bool over = time.tv_sec > until->tv_sec ||
                    (time.tv_sec == until->tv_sec && time.tv_nsec >= until->tv_nsec);
  return over ? ETIMEDOUT : 0;
}

int fstat(int file, struct stat* found) noexcept { return first_fxstat(kStatVersion, file, found); }
int lstat(const char* path, struct stat* found) noexcept {
  return first_lxstat(kStatVersion, path, found);
}
int stat(const char* path, struct stat* found) noexcept {
  return first_xstat(kStatVersion, path, found);
}

}  // extern "C"
