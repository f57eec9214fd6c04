// A media daemon without media, as a program: fake-mcud ADDRESS. Ends on SIGTERM or SIGINT.

#include <csignal>
#include <cstdio>

#include "tests/support/fake_mcud.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: fake-mcud unix:/path/of/socket\n");
        return 2;
    }
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // before gRPC's threads are made
    const tests::FakeMcud mcud(argv[1]);
    int signal = 0;
    sigwait(&ends, &signal);
    return 0;
}
