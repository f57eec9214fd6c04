#include "tests/support/lock_counter.h"

#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>

#if defined(__SANITIZE_THREAD__)
#define COUNTS_LOCKS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define COUNTS_LOCKS 0
#endif
#endif
#ifndef COUNTS_LOCKS
#define COUNTS_LOCKS 1
#endif

namespace {
thread_local std::uint64_t taken = 0;
thread_local std::uint64_t waits = 0;
}  // namespace

#if COUNTS_LOCKS
namespace {
/// The system's own function of that name.
template <typename Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}
}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    static const auto lock = next<int (*)(pthread_mutex_t*)>("pthread_mutex_lock");
    static const auto try_lock = next<int (*)(pthread_mutex_t*)>("pthread_mutex_trylock");
    ++taken;
    const int tried = try_lock(mutex);
    if (tried != EBUSY) return tried;
    ++waits;
    return lock(mutex);
}

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
    static const auto wait = next<int (*)(pthread_rwlock_t*)>("pthread_rwlock_rdlock");
    static const auto try_lock = next<int (*)(pthread_rwlock_t*)>("pthread_rwlock_tryrdlock");
    ++taken;
    const int tried = try_lock(lock);
    if (tried != EBUSY) return tried;
    ++waits;
    return wait(lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
    static const auto wait = next<int (*)(pthread_rwlock_t*)>("pthread_rwlock_wrlock");
    static const auto try_lock = next<int (*)(pthread_rwlock_t*)>("pthread_rwlock_trywrlock");
    ++taken;
    const int tried = try_lock(lock);
    if (tried != EBUSY) return tried;
    ++waits;
    return wait(lock);
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
    static const auto wait = next<int (*)(pthread_cond_t*, pthread_mutex_t*)>("pthread_cond_wait");
    ++waits;
    return wait(condition, mutex);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
    static const auto wait =
        next<int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
    ++waits;
    return wait(condition, mutex, until);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
    static const auto wait =
        next<int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
            "pthread_cond_clockwait");
    ++waits;
    return wait(condition, mutex, clock, until);
}

}  // extern "C"
#endif

namespace tests {

LockCounter::LockCounter() : taken_before_(::taken), waits_before_(::waits) {}
std::uint64_t LockCounter::taken() const {
    return ::taken - taken_before_;
}
std::uint64_t LockCounter::waits() const {
    return ::waits - waits_before_;
}
bool LockCounter::counts() {
    return COUNTS_LOCKS != 0;
}

}  // namespace tests
