// Runs a fuzz target over its seeds without libFuzzer, so that every build replays them.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/fuzz_target.h"

namespace {

void replay(const std::filesystem::path& seed) {
    std::ifstream file(seed, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)),
                                  std::istreambuf_iterator<char>());
    // Named before it runs: if the target dies, this is the last line.
    std::printf("%s\n", seed.c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
    int seed_count = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            if (!entry.is_regular_file()) continue;
            replay(entry.path());
            ++seed_count;
        }
    }
    std::printf("%d seeds replayed\n", seed_count);
    return seed_count > 0 ? 0 : 1;
}
