#include "signaling/auth/join_keys.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

namespace signaling {
namespace {

using common::ErrorCode;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

struct KeyFile {
    std::string pem;
    bool open_to_others = false;
};

Bio bio_of(std::string_view text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

// A passphrase is nobody's here to give: without this OpenSSL asks at the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
    return -1;
}

Key private_key(std::string_view pem) {
    const Bio bio = bio_of(pem);
    Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
    ERR_clear_error();
    return key;
}

Key public_key(std::string_view pem) {
    const Bio bio = bio_of(pem);
    Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
    ERR_clear_error();
    return key;
}

bool is_p256(EVP_PKEY* key) {
    std::array<char, 32> group{};
    std::size_t bytes = 0;
    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(key, group.data(), group.size(), &bytes) == 1 &&
           std::string_view(group.data(), bytes) == SN_X9_62_prime256v1;
}

common::Result<std::string> as_public_pem(EVP_PKEY* key) {
    const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
    if (PEM_write_bio_PUBKEY(bio.get(), key) != 1) {
        return common::fail(ErrorCode::Internal, "the public key cannot be written as PEM");
    }
    char* text = nullptr;
    const long bytes = BIO_get_mem_data(bio.get(), &text);
    return std::string(text, static_cast<std::size_t>(bytes));
}

common::Result<KeyFile> read_file(const std::string& path) {
    constexpr off_t kLargestKey_bytes = 65'536;
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) {
        return common::fail(ErrorCode::Io, std::strerror(errno));
    }
    if (!S_ISREG(about.st_mode) || about.st_size > kLargestKey_bytes) {
        return common::fail(ErrorCode::InvalidArgument, "expected a PEM file of a key");
    }
    const std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return common::fail(ErrorCode::Io, "cannot be read");
    return KeyFile{text.str(), (about.st_mode & 077) != 0};
}

tl::unexpected<common::Error> open_to_others() {
    return common::fail(ErrorCode::Io, "others than its owner may read it; chmod 600 it");
}

}  // namespace

common::Result<void> JoinKeys::add(std::string_view pem) {
    Key key = private_key(pem);
    if (key == nullptr) key = public_key(pem);
    if (key == nullptr || !is_p256(key.get())) {
        return common::fail(ErrorCode::InvalidArgument,
                            "expected a key of ECDSA on P-256 as PEM, without a passphrase");
    }
    auto text = as_public_pem(key.get());
    if (!text) return tl::unexpected(text.error());
    public_keys_.push_back(*std::move(text));
    return {};
}

common::Result<JoinKeys> JoinKeys::load(const std::vector<std::string>& files) {
    JoinKeys keys;
    for (const std::string& path : files) {
        const std::string context = "join key '" + path + "'";
        const auto file = read_file(path);
        if (!file) return common::fail_in(context, file.error());
        if (file->open_to_others && private_key(file->pem) != nullptr) {
            return common::fail_in(context, open_to_others().value());
        }
        if (const auto added = keys.add(file->pem); !added) {
            return common::fail_in(context, added.error());
        }
    }
    return keys;
}

common::Result<std::string> read_signing_key(const std::string& path) {
    const std::string context = "join key '" + path + "'";
    auto file = read_file(path);
    if (!file) return common::fail_in(context, file.error());
    if (file->open_to_others) return common::fail_in(context, open_to_others().value());
    const Key key = private_key(file->pem);
    if (key == nullptr || !is_p256(key.get())) {
        return common::fail(ErrorCode::InvalidArgument,
                            context +
                                ": expected a private key of ECDSA on P-256 as PEM, without a "
                                "passphrase");
    }
    return std::move(file->pem);
}

}  // namespace signaling
