#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

namespace tests {

/// A folder for the files of one test, gone with it.
class DatabaseFolder {
  public:
    DatabaseFolder() {
        std::string made = std::filesystem::temp_directory_path() / "tsr-metadata-XXXXXX";
        REQUIRE(mkdtemp(made.data()) != nullptr);
        path_ = made;
    }
    ~DatabaseFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    DatabaseFolder(const DatabaseFolder&) = delete;
    DatabaseFolder& operator=(const DatabaseFolder&) = delete;
    [[nodiscard]] std::string file(const std::string& name = "tessera.db") const {
        return path_ / name;
    }

  private:
    std::filesystem::path path_;
};

}  // namespace tests
