#pragma once

// Clang's thread-safety attributes (-Wthread-safety); nothing to other compilers.
#if defined(__clang__)
#define TESSERA_TS(x) __attribute__((x))
#else
#define TESSERA_TS(x)
#endif

// abseil, which gRPC's headers bring in, has three of these names of its own, meaning the same.
#undef GUARDED_BY
#undef PT_GUARDED_BY
#undef NO_THREAD_SAFETY_ANALYSIS

#define CAPABILITY(x) TESSERA_TS(capability(x))
#define SCOPED_CAPABILITY TESSERA_TS(scoped_lockable)
#define GUARDED_BY(x) TESSERA_TS(guarded_by(x))
#define PT_GUARDED_BY(x) TESSERA_TS(pt_guarded_by(x))
#define REQUIRES(...) TESSERA_TS(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) TESSERA_TS(acquire_capability(__VA_ARGS__))
#define RELEASE(...) TESSERA_TS(release_capability(__VA_ARGS__))
#define EXCLUDES(...) TESSERA_TS(locks_excluded(__VA_ARGS__))
#define ASSERT_CAPABILITY(x) TESSERA_TS(assert_capability(x))
#define NO_THREAD_SAFETY_ANALYSIS TESSERA_TS(no_thread_safety_analysis)
