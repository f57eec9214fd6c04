#include "signaling/auth/tls_identity.h"

#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "signaling/auth/tls_files.h"

using namespace signaling;

namespace {

// A folder of its own, gone with the test.
struct Folder {
    Folder() {
        std::string name = "/tmp/tessera-tls-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    [[nodiscard]] TlsIdentity::Files files(bool make = true) const {
        return {path / "var/certificate.pem", path / "var/key.pem", make};
    }
    void make(const std::string& name) const {
        std::filesystem::remove(files().certificate);
        std::filesystem::remove(files().private_key);
        REQUIRE(make_self_signed(files().certificate, files().private_key, name));
    }
    std::filesystem::path path;
};

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Connection = std::unique_ptr<SSL, decltype(&SSL_free)>;

Context furnished(TlsIdentity& identity) {
    const TlsIdentity::Furnishing furnishing(identity);
    return {SSL_CTX_new(TLS_method()), SSL_CTX_free};
}

/// Both ends of one connection, in memory.
struct Pair {
    explicit Pair(SSL_CTX* server_context, int version = TLS1_3_VERSION,
                  const char* ciphers = nullptr)
        : client_context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
          server(SSL_new(server_context), SSL_free),
          client(nullptr, SSL_free) {
        SSL_CTX_set_security_level(client_context.get(), 0);
        SSL_CTX_set_min_proto_version(client_context.get(), version);
        SSL_CTX_set_max_proto_version(client_context.get(), version);
        if (ciphers != nullptr) SSL_CTX_set_cipher_list(client_context.get(), ciphers);
        client.reset(SSL_new(client_context.get()));
        BIO* ours = nullptr;
        BIO* theirs = nullptr;
        BIO_new_bio_pair(&ours, 0, &theirs, 0);
        SSL_set_bio(server.get(), ours, ours);
        SSL_set_bio(client.get(), theirs, theirs);
        SSL_set_accept_state(server.get());
        SSL_set_connect_state(client.get());
    }
    bool shake_hands() {
        for (int i = 0; i < 20; ++i) {
            const int theirs = SSL_do_handshake(client.get());
            const int ours = SSL_do_handshake(server.get());
            if (theirs == 1 && ours == 1) return true;
        }
        return false;
    }
    std::string server_name() {
        X509* certificate = SSL_get0_peer_certificate(client.get());
        if (certificate == nullptr) return "no certificate";
        char name[64] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                  sizeof name);
        return name;
    }
    Context client_context;
    Connection server;
    Connection client;
};

}  // namespace

TEST_CASE("A certificate is made where none was named and none is there, the key for its owner") {
    const Folder folder;
    const auto identity = TlsIdentity::open(folder.files());
    REQUIRE(identity);

    struct stat about {};
    REQUIRE(stat(folder.files().private_key.c_str(), &about) == 0);
    CHECK((about.st_mode & 0777) == 0600);
    const Context context = furnished(**identity);
    CHECK(Pair(context.get()).shake_hands());
}

TEST_CASE("A certificate that was named and is not there is an error that names it") {
    const Folder folder;
    const auto identity = TlsIdentity::open(folder.files(false));

    REQUIRE_FALSE(identity);
    CHECK(identity.error().message ==
          "open '" + folder.files().certificate + "': No such file or directory");
}

TEST_CASE("A key of another certificate is refused") {
    const Folder folder;
    folder.make("one");
    std::filesystem::rename(folder.files().private_key, folder.path / "key");
    folder.make("two");
    std::filesystem::rename(folder.path / "key", folder.files().private_key);

    const auto identity = TlsIdentity::open(folder.files());

    REQUIRE_FALSE(identity);
    CHECK(identity.error().message.find("is not the key of the certificate") != std::string::npos);
}

TEST_CASE("A file that is no PEM is refused by name") {
    const Folder folder;
    folder.make("one");
    std::ofstream(folder.files().certificate) << "hello";

    const auto identity = TlsIdentity::open(folder.files());

    REQUIRE_FALSE(identity);
    CHECK(identity.error().message.find("certificate.pem': no start line") != std::string::npos);
}

TEST_CASE("TLS before 1.2 and ciphers without forward secrecy are refused") {
    const Folder folder;
    const auto identity = *TlsIdentity::open(folder.files());
    const Context context = furnished(*identity);

    CHECK_FALSE(Pair(context.get(), TLS1_1_VERSION).shake_hands());
    CHECK(Pair(context.get(), TLS1_2_VERSION).shake_hands());
    CHECK(Pair(context.get(), TLS1_3_VERSION).shake_hands());
    CHECK_FALSE(Pair(context.get(), TLS1_2_VERSION, "kRSA").shake_hands());
}

TEST_CASE("A changed certificate holds from the next handshake on; connections that stand stay") {
    const Folder folder;
    folder.make("one");
    const auto identity = *TlsIdentity::open(folder.files());
    const Context context = furnished(*identity);
    Pair before(context.get());
    REQUIRE(before.shake_hands());
    CHECK_FALSE(identity->refresh());

    folder.make("two");
    CHECK(identity->refresh());
    Pair after(context.get());

    REQUIRE(after.shake_hands());
    CHECK(after.server_name() == "two");
    CHECK(before.server_name() == "one");
    char said[3] = "";
    CHECK(SSL_write(before.server.get(), "hi", 2) == 2);
    CHECK(SSL_read(before.client.get(), said, 2) == 2);
}

TEST_CASE("Files that are being changed do no harm: the old certificate stays until both fit") {
    const Folder folder;
    folder.make("one");
    const auto identity = *TlsIdentity::open(folder.files());
    const Context context = furnished(*identity);
    std::filesystem::remove(folder.files().private_key);

    CHECK_FALSE(identity->refresh());
    Pair meanwhile(context.get());
    REQUIRE(meanwhile.shake_hands());
    CHECK(meanwhile.server_name() == "one");

    folder.make("two");
    CHECK(identity->refresh());
}

TEST_CASE("Contexts that others make are left alone") {
    const Folder folder;
    const auto identity = *TlsIdentity::open(folder.files());
    const Context ours = furnished(*identity);
    const Context theirs(SSL_CTX_new(TLS_method()), SSL_CTX_free);

    CHECK(SSL_CTX_get_min_proto_version(theirs.get()) != TLS1_2_VERSION);
    CHECK_FALSE(Pair(theirs.get()).shake_hands());
}
