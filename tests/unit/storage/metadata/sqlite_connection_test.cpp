#include "storage/metadata/sqlite_connection.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "storage/metadata/sql_metadata_store.h"
#include "tests/unit/storage/metadata/database_folder.h"

using namespace storage;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat about {};
    REQUIRE(stat(path.c_str(), &about) == 0);
    return about.st_mode & 0777;
}

}  // namespace

TEST_CASE("Only its owner reads the database and what stands beside it") {
    tests::DatabaseFolder folder;
    auto store = open_metadata_store("sqlite:" + folder.file());
    REQUIRE(store);

    CHECK(mode_of(folder.file()) == 0600);
    CHECK(mode_of(folder.file("tessera.db-wal")) == 0600);
}

TEST_CASE("A folder that is not there is named") {
    const auto store = open_metadata_store("sqlite:/nonexistent/tessera.db");

    REQUIRE_FALSE(store);
    CHECK(store.error().message == "database '/nonexistent/tessera.db': No such file or directory");
}

TEST_CASE("A file that is no database is refused and stays as it is") {
    tests::DatabaseFolder folder;
    std::ofstream(folder.file()) << "this is a letter to my aunt, and long enough to be a page";

    const auto store = open_metadata_store("sqlite:" + folder.file());

    REQUIRE_FALSE(store);
    CHECK(store.error().message.find("file is not a database") != std::string::npos);
    std::string first;
    std::getline(std::ifstream(folder.file()) >> std::ws, first);
    CHECK(first.starts_with("this is a letter"));
}

TEST_CASE("Somebody else's lock is a reason to wait, not to give up") {
    tests::DatabaseFolder folder;
    auto ours = open_sqlite(folder.file());
    auto theirs = open_sqlite(folder.file());
    REQUIRE(ours);
    REQUIRE((*ours)->transact(std::vector<SqlStatement>{{"CREATE TABLE t (a BIGINT)"}}));
    REQUIRE((*theirs)->query({"BEGIN IMMEDIATE"}));

    const auto outcome =
        (*ours)->transact(std::vector<SqlStatement>{{"INSERT INTO t (a) VALUES (1)"}});

    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == common::ErrorCode::Unavailable);
}

TEST_CASE("What is no store is refused in words") {
    const auto store = open_metadata_store("mysql://localhost");

    REQUIRE_FALSE(store);
    CHECK(store.error().message.find("'mysql://localhost'") != std::string::npos);
}
