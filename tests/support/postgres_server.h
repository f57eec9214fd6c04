#pragma once

#include <sys/types.h>

#include <string>

namespace tests {

/// A PostgreSQL of the test's own: a cluster in a scratch folder, reached by a Unix socket there
/// and by no network. Runs as nobody where the test is root, which PostgreSQL refuses; is killed
/// with the test, and its folder is gone after it.
class PostgresServer {
  public:
    PostgresServer();
    ~PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;

    /// One for all tests of a binary: making a cluster takes a second or two.
    static PostgresServer& shared();

    /// Returns when it answers.
    void start();
    /// At once, as in a crash.
    void kill();
    /// Answers nobody from now on, nor refuses: as behind a dead link.
    void freeze() const;
    void thaw() const;
    /// The URL of a new, empty database.
    [[nodiscard]] std::string make_database();
    [[nodiscard]] std::string url(const std::string& database) const;

  private:
    std::string folder_;
    pid_t server_ = 0;  // 0: does not run
    int databases_ = 0;
};

}  // namespace tests
