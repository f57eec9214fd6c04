#include "storage/metadata/postgres_connection.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "storage/metadata/sql_metadata_store.h"
#include "tests/support/postgres_server.h"

using namespace storage;
using common::ErrorCode;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<SqlConnection> open(const std::string& url,
                                    std::chrono::milliseconds patience = 5s) {
    auto connection = open_postgres(url, patience);
    REQUIRE(connection);
    return *std::move(connection);
}

}  // namespace

TEST_CASE("A server that was restarted is found again by the next transaction") {
    auto& server = tests::PostgresServer::shared();
    auto connection = open(server.make_database());
    REQUIRE(connection->query({"SELECT 1"}));

    server.kill();
    const auto away = connection->query({"SELECT 1"});
    const auto still_away = connection->query({"SELECT 1"});
    server.start();

    REQUIRE_FALSE(away);
    CHECK(away.error().code == ErrorCode::Unavailable);
    REQUIRE_FALSE(still_away);
    CHECK(still_away.error().code == ErrorCode::Unavailable);
    CHECK(connection->query({"SELECT 1"}));
}

TEST_CASE("Nobody waits longer than they have patience for a server that says nothing") {
    auto& server = tests::PostgresServer::shared();
    auto connection = open(server.make_database(), 100ms);
    REQUIRE(connection->query({"SELECT 1"}));

    const auto outcome = connection->query({"SELECT pg_sleep(60)"});

    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == ErrorCode::Unavailable);
    CHECK(outcome.error().message.find("no answer in time") != std::string::npos);
    server.freeze();
    const auto frozen = connection->query({"SELECT 1"});
    server.thaw();
    REQUIRE_FALSE(frozen);
    CHECK(frozen.error().code == ErrorCode::Unavailable);
}

TEST_CASE("A database that is not there is named, without whoever asks") {
    auto connection = open(tests::PostgresServer::shared().url("nowhere"));

    const auto outcome = connection->query({"SELECT 1"});

    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == ErrorCode::Unavailable);
    CHECK(outcome.error().message.find("\"nowhere\" does not exist") != std::string::npos);
    CHECK(connection->name().find("tessera@") == std::string::npos);
}

TEST_CASE("A password in the configuration is refused, and not repeated") {
    for (const char* url : {"postgresql://u:secret@h/d", "postgresql://u@h/d?password=secret"}) {
        const auto connection = open_postgres(url);
        REQUIRE_FALSE(connection);
        CHECK(connection.error().code == ErrorCode::InvalidArgument);
        CHECK(connection.error().message.find("passfile=") != std::string::npos);
        CHECK(connection.error().message.find("secret") == std::string::npos);
    }
}

TEST_CASE("What is no URL is refused in words") {
    const auto store = open_metadata_store("postgresql://[::1/x");

    REQUIRE_FALSE(store);
    CHECK(store.error().code == ErrorCode::InvalidArgument);
}
