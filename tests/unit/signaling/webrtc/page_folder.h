#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

namespace tests {

/// A folder of its own, gone with the test.
struct PageFolder {
    PageFolder() {
        std::string name = "/tmp/tessera-page-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~PageFolder() { std::filesystem::remove_all(path); }
    PageFolder(const PageFolder&) = delete;
    PageFolder& operator=(const PageFolder&) = delete;

    void write(const std::string& name, const std::string& bytes) const {
        std::filesystem::create_directories((path / name).parent_path());
        std::ofstream(path / name, std::ios::binary) << bytes;
    }

    std::filesystem::path path;
};

}  // namespace tests
