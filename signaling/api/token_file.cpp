#include "signaling/api/token_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace signaling {
namespace {

using common::ErrorCode;

std::string reason(int error) {
    return std::strerror(error);
}

common::Result<std::string> make_token() {
    std::array<std::uint8_t, 32> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return common::fail(ErrorCode::Io, "no random bytes: " + reason(errno));
    }
    std::string token;
    for (const std::uint8_t byte : bytes) {
        std::array<char, 3> hex{};
        std::snprintf(hex.data(), hex.size(), "%02x", byte);
        token += hex.data();
    }
    return token;
}

common::Result<std::string> read_token(int file) {
    struct stat status {};
    if (fstat(file, &status) != 0) return common::fail(ErrorCode::Io, reason(errno));
    if ((status.st_mode & 077) != 0) {
        return common::fail(ErrorCode::Io, "others than its owner may read it; chmod 600 it");
    }
    std::array<char, 512> buffer{};
    const ssize_t count = read(file, buffer.data(), buffer.size());
    if (count < 0) return common::fail(ErrorCode::Io, reason(errno));
    std::string token(buffer.data(), static_cast<std::size_t>(count));
    token.erase(token.find_last_not_of(" \r\n\t") + 1);
    if (token.size() < 16)
        return common::fail(ErrorCode::InvalidArgument, "holds no token of 16 characters or more");
    return token;
}

common::Result<std::string> write_token(int file) {
    const auto token = make_token();
    if (!token) return token;
    const std::string line = *token + "\n";
    if (write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        return common::fail(ErrorCode::Io, "cannot be written: " + reason(errno));
    }
    return token;
}

}  // namespace

common::Result<std::string> load_or_make_token(const std::string& path) {
    const std::string context = "token file '" + path + "'";
    int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool exists = file >= 0;
    if (!exists && errno == ENOENT) {
        std::error_code ignored;  // the open below tells
        const std::filesystem::path folder = std::filesystem::path(path).parent_path();
        if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
        file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (file < 0) return common::fail(ErrorCode::Io, context + ": " + reason(errno));
    auto token = exists ? read_token(file) : write_token(file);
    close(file);
    if (!token) return common::fail_in(context, token.error());
    return token;
}

bool token_matches(std::string_view given, std::string_view expected) {
    unsigned difference = given.size() == expected.size() ? 0U : 1U;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const char other = i < given.size() ? given[i] : '\0';
        difference |= static_cast<unsigned>(static_cast<unsigned char>(other ^ expected[i]));
    }
    return difference == 0;
}

}  // namespace signaling
