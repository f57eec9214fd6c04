// Linked into every program of a ThreadSanitizer build that uses gRPC: tells the sanitizer what
// Debian's gRPC and Abseil, which carry no instrumentation, order between threads. Without it every
// message that our code hands to gRPC and gets back on another thread looks like a race, and only
// suppressions that also hide our own mistakes would silence that.
//
// The functions below take the place of the libraries' own (their calls of each other go through
// the dynamic linker), say what happens before what, and call them.

#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#include <dlfcn.h>
#include <grpc/grpc.h>
#include <grpcpp/support/server_callback.h>
#include <sanitizer/tsan_interface.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace {

template <typename Function>
Function* next(const char* name) {
    void* const found = dlsym(RTLD_NEXT, name);
    if (found == nullptr) {
        std::fprintf(stderr, "tsan_grpc: no %s in the libraries any more\n", name);
        std::abort();
    }
    return reinterpret_cast<Function*>(found);
}

}  // namespace

// ---- a batch of a call: whoever starts it happens before whoever is told of its end

extern "C" {

grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops, size_t count, void* tag,
                                      void* reserved) {
    static auto* const real = next<decltype(grpc_call_start_batch)>("grpc_call_start_batch");
    __tsan_release(tag);
    return real(call, ops, count, tag, reserved);
}

grpc_event grpc_completion_queue_next(grpc_completion_queue* queue, gpr_timespec deadline,
                                      void* reserved) {
    static auto* const real =
        next<decltype(grpc_completion_queue_next)>("grpc_completion_queue_next");
    const grpc_event event = real(queue, deadline, reserved);
    if (event.type == GRPC_OP_COMPLETE) __tsan_acquire(event.tag);
    return event;
}

}  // extern "C"

// ---- a served call: all who still used it happen before it is destroyed

namespace {

// An explicit instantiation may name a private member.
using References = std::atomic_int grpc::internal::ServerCallbackCall::*;
References references();
template <References member>
struct Reveal {
    friend References references() { return member; }
};
template struct Reveal<&grpc::internal::ServerCallbackCall::callbacks_outstanding_>;

}  // namespace

namespace grpc::internal {

// Whoever let go of the last reference calls this. Some do so in the library, where the sanitizer
// sees no atomic; others in the header, where it does.
void ServerCallbackCall::ScheduleOnDone(bool on_this_thread) {
    static auto* const real = next<void(ServerCallbackCall*, bool)>(
        "_ZN4grpc8internal18ServerCallbackCall14ScheduleOnDoneEb");
    __tsan_acquire(&(this->*references()));
    real(this, on_this_thread);
}

}  // namespace grpc::internal

// ---- Abseil's locks, which wait on futexes of their own

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
    static auto* const real = next<void(Mutex*)>("_ZN4absl7debian35Mutex4LockEv");
    real(this);
    __tsan_acquire(this);
}

bool Mutex::TryLock() {
    static auto* const real = next<bool(Mutex*)>("_ZN4absl7debian35Mutex7TryLockEv");
    const bool locked = real(this);
    if (locked) __tsan_acquire(this);
    return locked;
}

void Mutex::Unlock() {
    static auto* const real = next<void(Mutex*)>("_ZN4absl7debian35Mutex6UnlockEv");
    __tsan_release(this);
    real(this);
}

void CondVar::Wait(Mutex* mutex) {
    static auto* const real =
        next<void(CondVar*, Mutex*)>("_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE");
    __tsan_release(mutex);
    real(this, mutex);
    __tsan_acquire(mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
    static auto* const real = next<bool(CondVar*, Mutex*, Duration)>(
        "_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
    __tsan_release(mutex);
    const bool timed_out = real(this, mutex, timeout);
    __tsan_acquire(mutex);
    return timed_out;
}

ABSL_NAMESPACE_END
}  // namespace absl
